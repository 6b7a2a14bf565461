import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAnnotations } from "../../lib/verify/check_annotations.ts";

test("checkAnnotations() is content where each that is wanted is signed with its value", () => {
  assert.equal(checkAnnotations({}, {}), undefined);
  assert.equal(checkAnnotations({}, { a: "1" }), undefined);
  assert.equal(checkAnnotations({ a: "1", b: "" }, { b: "", a: "1", c: "3" }), undefined);
});

test("checkAnnotations() says which is missing, and what was wanted", () => {
  assert.deepEqual(checkAnnotations({ a: "1", b: "2" }, { a: "1" }), {
    code: "annotation-mismatch",
    message: "the annotation b is not signed",
    expected: "2",
  });
});

test("checkAnnotations() says what was found instead", () => {
  const reason = checkAnnotations({ a: "1" }, { a: "2" });
  assert.deepEqual([reason?.expected, reason?.found], ["1", '"2"']);
});

test("checkAnnotations() compares text with text only, and no inherited names", () => {
  for (const value of [1, true, null, ["1"], { 1: 1 }]) {
    assert.ok(checkAnnotations({ a: "1" }, { a: value }), String(value));
  }
  assert.ok(checkAnnotations({ toString: "function" }, {}));
  assert.ok(checkAnnotations({ constructor: "x" }, {}));
});
