import assert from "node:assert/strict";
import { test } from "node:test";
import { shareWork } from "../../lib/fleet/shared_work.ts";

test("shareWork() does work once for all who ask, at the same time and later", async () => {
  const share = shareWork<number>();
  let calls = 0;
  const work = () => Promise.resolve(++calls);
  assert.deepEqual(await Promise.all([share("a", work), share("a", work)]), [1, 1]);
  assert.equal(await share("a", work), 1);
  assert.equal(await share("b", work), 2);
});

test("shareWork() gives an error to all who wait, and tries anew after it", async () => {
  const share = shareWork<number>();
  let calls = 0;
  const work = () =>
    ++calls === 1 ? Promise.reject(new Error("the first time")) : Promise.resolve(calls);
  const results = await Promise.allSettled([share("a", work), share("a", work)]);
  assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected"]);
  assert.equal(await share("a", work), 2);
});

test("shareWork() forgets the oldest results when there are very many", async () => {
  const share = shareWork<number>();
  let calls = 0;
  const work = () => Promise.resolve(++calls);
  for (let key = 0; key <= 50_000; key++) void share(String(key), work);
  const before = calls;
  await share("50000", work);
  assert.equal(calls, before);
  await share("0", work);
  assert.equal(calls, before + 1);
});
