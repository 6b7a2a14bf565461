import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFilter } from "../../lib/policy/glob.ts";

const TAGS = ["1.0", "1.10", "2.0-rc.1", "latest", "main", "release-1", ".hidden", "v1_2", "V1"];

const matching = (include: readonly string[], exclude: readonly string[] = []): string[] =>
  TAGS.filter(compileFilter({ include, exclude }));

test("compileFilter() takes all names where no glob is given", () => {
  assert.deepEqual(matching([]), TAGS);
});

test("compileFilter() knows the usual globs", () => {
  assert.deepEqual(matching(["1.*"]), ["1.0", "1.10"]);
  assert.deepEqual(matching(["?.0"]), ["1.0"]);
  assert.deepEqual(matching(["{main,release-*}"]), ["main", "release-1"]);
  assert.deepEqual(matching(["[12].*"]), ["1.0", "1.10", "2.0-rc.1"]);
  assert.deepEqual(matching(["*"]), TAGS, "names that begin with a dot are as good as any");
});

test("compileFilter() takes a dot for a dot, and is exact about case", () => {
  assert.deepEqual(matching(["1.0"]), ["1.0"]);
  assert.deepEqual(matching(["v1*"]), ["v1_2"]);
});

test("compileFilter() leaves out what is excluded, also of what is included", () => {
  assert.deepEqual(matching([], ["*.*", "[vV]*"]), ["latest", "main", "release-1"]);
  assert.deepEqual(matching(["1.*"], ["1.10"]), ["1.0"]);
});

test("compileFilter() refuses an empty glob and one that is too long", () => {
  for (const glob of ["", "x".repeat(1001)]) {
    assert.throws(() => compileFilter({ include: [glob], exclude: [] }), { code: "USAGE" });
    assert.throws(() => compileFilter({ include: [], exclude: [glob] }), { code: "USAGE" });
  }
});

test("compileFilter() refuses globs that would take long on a hostile tag", () => {
  assert.throws(() => compileFilter({ include: ["*a*a*a*a*"], exclude: [] }), {
    code: "USAGE",
  });
  const matches = compileFilter({ include: ["*a*a*ab*"], exclude: [] });
  assert.equal(matches("a".repeat(128)), false);
});
