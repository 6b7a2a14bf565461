import assert from "node:assert/strict";
import { test } from "node:test";
import { pooled } from "../../lib/base/pool.ts";
import { collect } from "../support/collect.ts";

/** Let everything that can go on do so. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Work that ends when it is told to. */
function controlled(): {
  readonly work: (item: number) => Promise<number>;
  readonly finish: (item: number) => void;
  readonly fail: (item: number) => void;
  readonly begun: number[];
} {
  const waiting = new Map<number, PromiseCallbacks>();
  const begun: number[] = [];
  return {
    begun,
    work: (item) => {
      begun.push(item);
      return new Promise((resolve, reject) => waiting.set(item, { resolve, reject }));
    },
    finish: (item) => waiting.get(item)!.resolve(item),
    fail: (item) => waiting.get(item)!.reject(new Error(`item ${item}`)),
  };
}

interface PromiseCallbacks {
  readonly resolve: (value: number) => void;
  readonly reject: (error: Error) => void;
}

test("pooled() gives the results in the order of the items, whichever ends first", async () => {
  const { work, finish } = controlled();
  const results = collect(pooled([1, 2, 3], work, { limit: 3 }));
  await settle();
  for (const item of [3, 1, 2]) finish(item);
  assert.deepEqual(await results, [1, 2, 3]);
});

test("pooled() works on no more items at once than its limit", async () => {
  const { work, finish, begun } = controlled();
  const results = collect(pooled([1, 2, 3, 4, 5], work, { limit: 2 }));
  await settle();
  assert.deepEqual(begun, [1, 2]);
  finish(2);
  await settle();
  assert.deepEqual(begun, [1, 2, 3]);
  for (const item of [1, 3]) finish(item);
  await settle();
  for (const item of [4, 5]) finish(item);
  assert.deepEqual(await results, [1, 2, 3, 4, 5]);
});

test("pooled() goes on beyond a slow item, until the window is full", async () => {
  const { work, finish, begun } = controlled();
  const results = collect(pooled([1, 2, 3, 4, 5, 6], work, { limit: 2, window: 4 }));
  await settle();
  for (const item of [2, 3, 4]) {
    finish(item);
    await settle();
  }
  assert.deepEqual(begun, [1, 2, 3, 4], "the fifth must wait for the first");
  finish(1);
  await settle();
  assert.deepEqual(begun, [1, 2, 3, 4, 5, 6]);
  for (const item of [5, 6]) finish(item);
  assert.deepEqual(await results, [1, 2, 3, 4, 5, 6]);
});

test("pooled() pulls no item before it can be worked on", async () => {
  const pulled: number[] = [];
  const source = async function* (): AsyncGenerator<number> {
    for (let item = 0;; item++) {
      pulled.push(item);
      await settle();
      yield item;
    }
  };
  for await (const result of pooled(source(), (item) => Promise.resolve(item), { limit: 2 })) {
    if (result === 3) break;
  }
  const seen = pulled.length;
  await settle();
  assert.equal(pulled.length, seen, "nothing is pulled once the consumer has gone");
  assert.ok(seen < 140, `${seen} items were pulled for four results`);
});

test("pooled() throws what an item's work throws at its place, and begins nothing more", async () => {
  const { work, finish, fail, begun } = controlled();
  const seen: number[] = [];
  const run = (async () => {
    for await (const result of pooled([1, 2, 3, 4], work, { limit: 2 })) seen.push(result);
  })();
  await settle();
  fail(2);
  await settle();
  finish(1);
  await assert.rejects(run, /^Error: item 2$/u);
  assert.deepEqual([seen, begun], [[1], [1, 2]]);
});

test("pooled() throws what the stream throws, after the results before it", async () => {
  const source = function* (): Generator<number> {
    yield 1;
    throw new TypeError("the list broke off");
  };
  const seen: number[] = [];
  await assert.rejects(async () => {
    const results = pooled(source(), (item) => Promise.resolve(item), { limit: 4 });
    for await (const result of results) seen.push(result);
  }, TypeError);
  assert.deepEqual(seen, [1]);
});

test("pooled() closes the stream when its consumer stops", async () => {
  let closed = false;
  const source = function* (): Generator<number> {
    try {
      for (let item = 0;; item++) yield item;
    } finally {
      closed = true;
    }
  };
  for await (const _ of pooled(source(), (item) => Promise.resolve(item), { limit: 2 })) break;
  assert.ok(closed);
});

test("pooled() throws at once while its stream is waited for", async () => {
  const source = async function* (): AsyncGenerator<number> {
    yield 1;
    await new Promise(() => {});
  };
  const work = async (): Promise<never> => {
    await settle();
    throw new Error("enough");
  };
  await assert.rejects(collect(pooled(source(), work, { limit: 2 })), /^Error: enough$/u);
});

test("pooled() gives nothing for no items", async () => {
  assert.deepEqual(await collect(pooled([], () => Promise.resolve(1), { limit: 4 })), []);
});
