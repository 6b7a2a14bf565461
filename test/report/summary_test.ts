import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countVerdict,
  exitCode,
  noVerdicts,
  type Summary,
  summaryText,
} from "../../lib/report/summary.ts";

function summaryOf(counts: Partial<Summary>): Summary {
  return { ...noVerdicts(), requests: 0, retries: 0, ...counts };
}

test("countVerdict() counts the image and its verdict", () => {
  const counts = noVerdicts();
  for (const kind of ["verified", "unknown", "verified"] as const) countVerdict(counts, kind);
  assert.deepEqual(counts, { images: 3, verified: 2, failed: 0, unsigned: 0, unknown: 1 });
});

test("exitCode() is 0 only if every image is verified", () => {
  assert.equal(exitCode(summaryOf({ images: 2, verified: 2 })), 0);
  assert.equal(exitCode(summaryOf({ images: 2, verified: 1, failed: 1 })), 1);
  assert.equal(exitCode(summaryOf({ images: 2, verified: 1, unsigned: 1 })), 1);
  assert.equal(exitCode(summaryOf({ images: 2, verified: 1, unknown: 1 })), 3);
  assert.equal(exitCode(summaryOf({ images: 2, verified: 1 })), 3);
});

test("exitCode() is 1 when some images failed and some are unknown", () => {
  assert.equal(exitCode(summaryOf({ images: 2, failed: 1, unknown: 1 })), 1);
  assert.equal(exitCode(summaryOf({ images: 2, unsigned: 1, unknown: 1 })), 1);
});

test("summaryText() tells a run in one line", () => {
  const summary = {
    images: 2000,
    verified: 1990,
    failed: 4,
    unsigned: 3,
    unknown: 3,
    requests: 4012,
    retries: 3,
  };
  assert.equal(
    summaryText(summary, 1234),
    "2,000 images: 1,990 verified, 4 failed, 3 unsigned, 3 unknown" +
      " · 4,012 requests (2.0 an image), 3 retries · 1.2 s",
  );
});

test("summaryText() knows the singular, and divides by no images", () => {
  assert.equal(
    summaryText(summaryOf({ images: 1, verified: 1, requests: 1, retries: 1 }), 20),
    "1 image: 1 verified, 0 failed, 0 unsigned, 0 unknown · 1 request (1.0 an image), 1 retry · 20 ms",
  );
  assert.equal(
    summaryText(summaryOf({}), 0),
    "0 images: 0 verified, 0 failed, 0 unsigned, 0 unknown · 0 requests, 0 retries · 0 ms",
  );
});
