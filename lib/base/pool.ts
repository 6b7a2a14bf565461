/** Bounds of {@link pooled}. */
export interface PoolOptions {
  /** How many items are worked on at once. */
  readonly limit: number;
  /** How many results may wait for a slower one before them; 64 times `limit` unless told. */
  readonly window?: number;
}

/** A condition that can be waited for, once or many times. */
function condition(): { readonly wait: () => Promise<void>; readonly fire: () => void } {
  let fire = (): void => {};
  let next: Promise<void> | undefined;
  return {
    wait: () => next ??= new Promise((resolve) => fire = resolve),
    fire: () => {
      next = undefined;
      fire();
    },
  };
}

/**
 * Work on the items of a stream, several at a time, and give the results in the order of the items.
 *
 * Memory is bounded: with `window` results begun and not yet taken, no further item is pulled. If
 * `work` or the stream throws, the error surfaces at its place in the order, and nothing more is begun.
 */
export async function* pooled<Item, Result>(
  items: AsyncIterable<Item> | Iterable<Item>,
  work: (item: Item) => Promise<Result>,
  { limit, window = 64 * limit }: PoolOptions,
): AsyncGenerator<Result, void, undefined> {
  const source = Symbol.asyncIterator in items
    ? items[Symbol.asyncIterator]()
    : items[Symbol.iterator]();
  const capacity = Math.max(window, limit);
  const begun: Promise<Result>[] = [];
  const arrival = condition();
  const room = condition();
  let ended = false;
  let pulling = false;

  const push = (result: Promise<Result>): Promise<void> => {
    begun.push(result);
    arrival.fire();
    return result.then(() => {}, () => {
      ended = true;
    });
  };
  // Lanes pull one after another, so that results stand in the order of the items.
  let turn: Promise<unknown> = Promise.resolve();
  const begin = (): Promise<{ readonly settled: Promise<void> } | undefined> => {
    const mine = turn.then(async () => {
      while (begun.length >= capacity && !ended) await room.wait();
      if (ended) return undefined;
      try {
        pulling = true;
        const next = await source.next();
        pulling = false;
        if (next.done !== true) return { settled: push(work(next.value)) };
        ended = true;
      } catch (error) {
        void push(Promise.reject(error as Error));
      }
      return undefined;
    });
    turn = mine;
    return mine;
  };
  const lane = async (): Promise<void> => {
    for (let item = await begin(); item !== undefined; item = await begin()) await item.settled;
  };
  let open = true;
  void Promise.all(Array.from({ length: limit }, lane)).then(() => {
    open = false;
    arrival.fire();
  });

  try {
    while (true) {
      const head = begun[0];
      if (head !== undefined) {
        const result = await head;
        begun.shift();
        room.fire();
        yield result;
      } else if (open) {
        await arrival.wait();
      } else {
        return;
      }
    }
  } finally {
    ended = true;
    room.fire();
    const closed = source.return?.();
    // A stream that is waited for, such as a terminal's lines, closes only once it gives an item.
    if (pulling) void Promise.resolve(closed).catch(() => {});
    else await closed;
  }
}
