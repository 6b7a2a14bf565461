import assert from "node:assert/strict";
import { test } from "node:test";
import { type Progress, showProgress } from "../../scripts/command/progress.ts";

const ERASE = "\r\u001b[2K";

/** Progress on a double, with a clock that moves only when told. */
function setUp({ isTTY = true, ci = false, columns = 120 } = {}): {
  readonly progress: Progress;
  readonly writes: string[];
  readonly pass: (milliseconds: number) => void;
} {
  const writes: string[] = [];
  let now = 1_000_000;
  const stream = { isTTY, columns, write: (text: string) => writes.push(text) };
  const progress = showProgress({ stream, ci, clock: { now: () => now } });
  return { progress, writes, pass: (milliseconds) => now += milliseconds };
}

test("showProgress() tells how many of how many, how fast and how long still", () => {
  const { progress, writes, pass } = setUp();
  progress.expect(2000);
  for (let image = 0; image < 1229; image++) progress.count("verified");
  for (const kind of ["failed", "failed", "failed", "unknown"] as const) progress.count(kind);
  pass(3000);
  progress.count("verified");
  assert.deepEqual(writes, [
    `${ERASE}  1,234 / 2,000 images  61 %  411/s  2 s left  3 failed  1 unknown`,
  ]);
});

test("showProgress() tells only how many and how fast while the total is not known", () => {
  const { progress, writes, pass } = setUp();
  progress.count("unsigned");
  pass(500);
  progress.count("verified");
  assert.deepEqual(writes, [`${ERASE}  2 images  4.0/s  1 unsigned`]);
});

test("showProgress() says no share of a total that the images have overtaken", () => {
  const { progress, writes, pass } = setUp();
  progress.expect(1);
  progress.count("verified");
  pass(1000);
  progress.count("verified");
  progress.expect(4);
  pass(1000);
  progress.count("verified");
  assert.deepEqual(writes, [
    `${ERASE}  2 images  2.0/s`,
    `${ERASE}  3 / 4 images  75 %  1.5/s  1 s left`,
  ]);
});

test("showProgress() redraws ten times a second at most", () => {
  const { progress, writes, pass } = setUp();
  for (let image = 0; image < 1000; image++) {
    pass(1);
    progress.count("verified");
  }
  assert.equal(writes.length, 10);
});

test("showProgress() cuts the line to the terminal's width", () => {
  for (const [columns, want] of [[12, 11], [0, 79]] as const) {
    const { progress, writes, pass } = setUp({ columns });
    progress.expect(1_000_000_000);
    for (const kind of ["failed", "unsigned", "unknown"] as const) progress.count(kind);
    pass(100_000);
    progress.count("verified");
    assert.ok(writes[0]!.length - ERASE.length <= want);
  }
});

test("showProgress() takes its line away once, and only if there is one", () => {
  const { progress, writes, pass } = setUp();
  progress.count("verified");
  progress.clear();
  assert.deepEqual(writes, []);
  pass(100);
  progress.count("verified");
  progress.clear();
  progress.clear();
  assert.deepEqual(writes.slice(1), [ERASE]);
});

test("showProgress() is silent without a terminal, and in CI", () => {
  for (const where of [{ isTTY: false }, { ci: true }]) {
    const { progress, writes, pass } = setUp(where);
    progress.expect(2);
    pass(1000);
    progress.count("verified");
    progress.clear();
    assert.deepEqual(writes, []);
  }
});
