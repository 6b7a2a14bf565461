import assert from "node:assert/strict";
import { test } from "node:test";
import { isRetryable, parseRetryAfter, retryDelay } from "../../lib/registry/retry.ts";

const NOW = Date.UTC(2026, 10, 23, 9, 0, 0);

test("isRetryable() tells the statuses after which the same request may succeed", () => {
  const retryable = Array.from({ length: 600 }, (_, status) => status).filter(isRetryable);
  assert.deepEqual(retryable, [408, 425, 429, 500, 502, 503, 504]);
});

test("parseRetryAfter() reads seconds", () => {
  assert.equal(parseRetryAfter("0", NOW), 0);
  assert.equal(parseRetryAfter(" 120 ", NOW), 120_000);
});

test("parseRetryAfter() reads an HTTP date, and takes one that has passed for now", () => {
  assert.equal(parseRetryAfter("Mon, 23 Nov 2026 09:00:30 GMT", NOW), 30_000);
  assert.equal(parseRetryAfter("Mon, 23 Nov 2026 08:59:30 GMT", NOW), 0);
});

test("parseRetryAfter() is not misled by what it cannot read", () => {
  for (const value of [undefined, "", "soon", "1e9", "9999999999999", "NaN", "-"]) {
    const delay = parseRetryAfter(value, NOW);
    assert.ok(delay === undefined || Number.isFinite(delay) && delay >= 0, String(value));
  }
});

test("retryDelay() doubles, is half random, and has an upper bound", () => {
  const policy = { attempts: 9, firstDelay: 1000, maxDelay: 5000 };
  const shortest = [1, 2, 3, 4, 5].map((attempt) => retryDelay(policy, attempt, () => 0));
  const longest = [1, 2, 3, 4, 5].map((attempt) => retryDelay(policy, attempt, () => 1));
  assert.deepEqual(shortest, [500, 1000, 2000, 2500, 2500]);
  assert.deepEqual(longest, [1000, 2000, 4000, 5000, 5000]);
});
