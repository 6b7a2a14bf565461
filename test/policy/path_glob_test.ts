import assert from "node:assert/strict";
import { test } from "node:test";
import { compilePathFilter, parsePathGlob } from "../../lib/policy/path_glob.ts";

test("parsePathGlob() tells where to look, and how deep", () => {
  const globs = {
    "*.tgz": ["", 0],
    "dist/*.tgz": ["dist", 0],
    "./dist/*/x": ["dist", 1],
    "/srv/dist/{a,b/c}/*.tgz": ["/srv/dist", 2],
    "../x/**": ["../x", Infinity],
    "**/*.tgz": ["", Infinity],
    "a/+(b/)c": ["a", Infinity],
    "a/[bc]?": ["a", 0],
  };
  for (const [text, [folder, depth]] of Object.entries(globs)) {
    const glob = parsePathGlob(text)!;
    assert.deepEqual([glob.folder, glob.depth], [folder, depth], text);
  }
});

test("parsePathGlob() matches paths below the folder, hidden ones too", () => {
  const matched = (text: string, paths: readonly string[]): readonly string[] =>
    paths.filter(parsePathGlob(text)!.matches);
  assert.deepEqual(matched("dist/*.tgz", ["a.tgz", ".b.tgz", "c/a.tgz", "a.tgz.sig"]), [
    "a.tgz",
    ".b.tgz",
  ]);
  assert.deepEqual(matched("dist/**", ["a", ".git/config", "b/c/d"]), [
    "a",
    ".git/config",
    "b/c/d",
  ]);
  assert.deepEqual(matched("**/{a,b}.tgz", ["a.tgz", "x/y/b.tgz", "x/c.tgz"]), [
    "a.tgz",
    "x/y/b.tgz",
  ]);
  assert.deepEqual(matched("!a*", ["!ab", "ab", "c"]), ["!ab"]);
});

test("parsePathGlob() gives nothing for a path, and refuses what is too much to match with", () => {
  for (const text of ["dist", "dist/a.tgz", "./a"]) {
    assert.equal(parsePathGlob(text), undefined, text);
  }
  for (const text of ["*a*a*a*a*", `*${"a".repeat(1000)}`]) {
    assert.throws(() => parsePathGlob(text), { code: "USAGE" }, text);
  }
});

test("compilePathFilter() matches a name in every folder, and a path in one", () => {
  const excluded = compilePathFilter([".git", "*.log", "docs/*.md"]);
  for (const path of [".git", "vendor/.git", "a.log", "x/y/b.log", "docs/a.md"]) {
    assert.ok(excluded(path), path);
  }
  for (const path of ["git", "a.logs", "a.md", "x/docs/a.md", "docs/x/a.md"]) {
    assert.ok(!excluded(path), path);
  }
  assert.ok(!compilePathFilter([])("anything"));
  assert.throws(() => compilePathFilter([""]), { code: "USAGE" });
});
