/** A hand-over from one who has pieces to one who asks for them. */
export interface Channel<Item> {
  /**
   * Hand over an item; resolves when it was taken.
   *
   * @throws {ChannelClosedError} if nobody reads on
   */
  push(item: Item): Promise<void>;
  /** No more items will come. */
  end(): void;
  /** No more items will come, since something went wrong: the reader is given the error. */
  fail(error: unknown): void;
  /** The items; to be read once. */
  readonly items: AsyncIterable<Item>;
}

/** The reader has left before the end. */
export class ChannelClosedError extends Error {
  override readonly name = "ChannelClosedError";
}

/** An item on offer, with whom to tell. */
interface Handover<Item> {
  readonly item: Item;
  readonly taken: () => void;
  readonly left: () => void;
}

/** Open a channel that holds one item at a time: who pushes is as slow as who reads. */
export function openChannel<Item>(): Channel<Item> {
  let waiting: Handover<Item> | undefined;
  let over: { readonly error?: unknown } | undefined;
  let closed = false;
  let wake = (): void => {};

  const read = async function* (): AsyncGenerator<Item, void, undefined> {
    try {
      while (true) {
        if (waiting !== undefined) {
          yield waiting.item;
          waiting.taken();
          waiting = undefined;
        } else if (over !== undefined) {
          if ("error" in over) throw over.error;
          return;
        } else await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      closed = true;
      waiting?.left();
    }
  };
  return {
    push: (item) =>
      new Promise((taken, reject) => {
        const left = (): void => reject(new ChannelClosedError("nobody reads on"));
        if (closed) return left();
        waiting = { item, taken, left };
        wake();
      }),
    end() {
      over ??= {};
      wake();
    },
    fail(error) {
      over ??= { error };
      wake();
    },
    items: read(),
  };
}
