import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../lib/base/clock.ts";

test("systemClock.sleep() ends when its signal is aborted, with the signal's reason", async () => {
  const abort = new AbortController();
  const sleep = systemClock.sleep(60_000, abort.signal);
  const reason = new Error("enough");
  abort.abort(reason);
  await assert.rejects(sleep, reason);
  await assert.rejects(systemClock.sleep(60_000, abort.signal), reason);
});

test("systemClock.sleep() lasts as long as asked", async () => {
  const before = systemClock.now();
  await systemClock.sleep(5, new AbortController().signal);
  assert.ok(systemClock.now() - before >= 4);
});
