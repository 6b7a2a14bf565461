import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf, countText, durationText } from "../../lib/report/number_text.ts";

test("countText() sets thousands apart", () => {
  assert.equal(countText(999), "999");
  assert.equal(countText(1_234_567), "1,234,567");
});

test("countOf() has a singular for one thing only", () => {
  assert.equal(countOf(0, "image"), "0 images");
  assert.equal(countOf(1, "image"), "1 image");
  assert.equal(countOf(2000, "retry", "retries"), "2,000 retries");
});

test("durationText() says at most two units, and never sixty of one", () => {
  const texts = ([
    [-5, "0 ms"],
    [340, "340 ms"],
    [999.6, "1 s"],
    [1234, "1.2 s"],
    [2000, "2 s"],
    [9949, "9.9 s"],
    [9960, "10 s"],
    [59_700, "1 min 0 s"],
    [185_000, "3 min 5 s"],
    [3_599_600, "1 h 0 min"],
    [8_040_000, "2 h 14 min"],
  ] as const).map(([milliseconds, want]) => [durationText(milliseconds), want]);
  for (const [found, want] of texts) assert.equal(found, want);
});
