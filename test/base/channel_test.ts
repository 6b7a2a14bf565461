import assert from "node:assert/strict";
import { test } from "node:test";
import { ChannelClosedError, openChannel } from "../../lib/base/channel.ts";
import { collect } from "../support/collect.ts";

test("a channel hands items over one by one, each when it is asked for", async () => {
  const { push, end, items } = openChannel<number>();
  const pushed: number[] = [];
  const pushing = (async () => {
    for (const item of [1, 2, 3]) {
      await push(item);
      pushed.push(item);
    }
    end();
  })();
  const taken: number[] = [];
  for await (const item of items) {
    // An item counts as taken when the next one is asked for.
    assert.deepEqual(pushed, taken);
    taken.push(item);
  }
  await pushing;
  assert.deepEqual(taken, [1, 2, 3]);
});

test("a channel gives an error on after the items before it", async () => {
  const { push, fail, items } = openChannel<number>();
  const pushing = push(1).then(() => fail(new Error("broken")));
  const taken: number[] = [];
  await assert.rejects(async () => {
    for await (const item of items) taken.push(item);
  }, /broken/u);
  await pushing;
  assert.deepEqual(taken, [1]);
});

test("a channel that ends at once gives nothing", async () => {
  const { end, items } = openChannel<number>();
  end();
  assert.deepEqual(await collect(items), []);
});

test("a channel refuses items when the reader has left", async () => {
  const { push, items } = openChannel<number>();
  const waiting = push(1);
  for await (const item of items) {
    assert.equal(item, 1);
    break;
  }
  await assert.rejects(waiting, ChannelClosedError);
  await assert.rejects(push(2), ChannelClosedError);
});
