import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../lib/base/errors.ts";
import { parseAnnotations } from "../../scripts/command/annotations.ts";

test("parseAnnotations() reads repeated, joined and quoted pairs as cosign does", () => {
  assert.deepEqual(
    parseAnnotations(["env=prod", "team=a=b,os=linux", '"note=x,y"', '"q=say ""hi"""']),
    {
      env: "prod",
      team: "a=b",
      os: "linux",
      note: "x,y",
      q: 'say "hi"',
    },
  );
});

test("parseAnnotations() keeps a key named __proto__ as a key", () => {
  assert.deepEqual(Object.entries(parseAnnotations(["__proto__=x"])), [["__proto__", "x"]]);
});

test("parseAnnotations() refuses what is no key=value", () => {
  for (const text of ["env", "=prod", '"open=x', "a=b,,c=d"]) {
    assert.throws(() => parseAnnotations([text]), UsageError, text);
  }
});
