import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { diskFiles } from "../../lib/base/disk.ts";
import { MAX_FOLDER_DEPTH } from "../../lib/base/limits.ts";
import { type FileSource, listFiles, type ListFilesOptions } from "../../lib/fleet/list_files.ts";
import { locateFile } from "../../lib/fleet/locate_file.ts";
import { compilePathFilter } from "../../lib/policy/path_glob.ts";
import { collect } from "../support/collect.ts";
import { type Faults, faultyFiles, type TreeEntry, writeTree } from "../support/file_tree.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** Files below a folder, and what listing them gives: names, and the failures of what is none. */
async function setUp(t: TestContext, tree: Readonly<Record<string, TreeEntry>>) {
  const folder = await temporaryFolder(t);
  await writeTree(folder, tree);
  const disk = diskFiles();
  const list = async (
    sources: readonly FileSource[],
    { faults = {}, ...options }: ListFilesOptions & { readonly faults?: Faults } = {},
  ) => {
    const items = await collect(listFiles(faultyFiles(disk, faults), sources, options));
    return items.map((item) => {
      const name = item.name.replace(`${folder}/`, "");
      return item.kind === "file" ? name : `${name}: ${item.error.failure}`;
    });
  };
  const words = (...names: readonly string[]): FileSource[] =>
    names.map((name) => ({ kind: "word", text: join(folder, name) }));
  const base = await disk.resolve(folder);
  const lines = (...texts: readonly string[]): FileSource[] =>
    texts.map((text) => ({ kind: "line", text, base }));
  return { folder, disk, base, list, words, lines };
}

const TREE = {
  "dist/b.tgz": "b",
  "dist/b.tgz.sigstore.json": "{}",
  "dist/a/deep/c.tgz": "c",
  "dist/.hidden": "h",
  "dist/Z": "z",
  "other/x": "x",
};

test("listFiles() gives the files of a folder by name, and no bundles", async (t) => {
  const { list, words } = await setUp(t, TREE);
  const all = ["dist/.hidden", "dist/Z", "dist/a/deep/c.tgz", "dist/b.tgz"];
  assert.deepEqual(await list(words("dist")), all);
  assert.deepEqual(await list(words("dist/")), all);
  assert.deepEqual(await list(words("dist/b.tgz", "dist/b.tgz.sigstore.json")), ["dist/b.tgz"]);
});

test("listFiles() gives each file once, in the order of the words", async (t) => {
  const { list, words, lines } = await setUp(t, TREE);
  assert.deepEqual(await list([...words("other/x", "other", "dist/a"), ...lines("./other/x")]), [
    "other/x",
    "dist/a/deep/c.tgz",
  ]);
});

test("listFiles() expands globs, but not where a file has such a name", async (t) => {
  const { list, words } = await setUp(t, { ...TREE, "dist/*": "star" });
  assert.deepEqual(await list(words("dist/*.tgz")), ["dist/b.tgz"]);
  assert.deepEqual(await list(words("dist/**/*.tgz")), ["dist/a/deep/c.tgz", "dist/b.tgz"]);
  assert.deepEqual(await list(words("*/[bx]*")), ["dist/b.tgz", "other/x"]);
  assert.deepEqual(await list(words("dist/*")), ["dist/*"]);
});

test("listFiles() says what there is not: a file, a match, anything in a folder", async (t) => {
  const { folder, list, words, lines } = await setUp(t, TREE);
  await mkdir(join(folder, "empty"));
  const asked = words("none", "none/x", "dist/*.zip", "nowhere/*", "empty", "other/x");
  assert.deepEqual(await list([...asked, ...lines("none", "other/none", "empty")]), [
    "none: missing",
    "none/x: missing",
    "dist/*.zip: missing",
    "nowhere/*: missing",
    "empty: missing",
    "other/x",
    "none: missing",
    "other/none: missing",
  ]);
});

test("listFiles() follows links in a folder, and none out of it", async (t) => {
  const { folder, list, words, lines } = await setUp(t, {
    ...TREE,
    "dist/in": { link: "b.tgz" },
    "dist/out": { link: "../other/x" },
    "dist/out-folder": { link: "../other" },
    "dist/same-folder": { link: "a" },
    "dist/round": { link: "." },
    "dist/dangling": { link: "none" },
    "dist/loop": { link: "loop" },
  });
  const found = await list(words("dist"));
  assert.deepEqual(found.filter((name) => !name.includes(".") && !name.endsWith("Z")), [
    "dist/dangling: missing",
    "dist/in",
    "dist/loop: unreadable",
    "dist/out: outside",
    "dist/out-folder: outside",
  ]);
  // What the user names is followed anywhere.
  assert.deepEqual(await list(words("dist/out", "dist/out-folder")), [
    "dist/out",
    "dist/out-folder/x",
  ]);
  await symlink("/etc", join(folder, "etc"));
  assert.deepEqual(await list(lines("dist/out", "dist/same-folder", "etc", "etc/passwd")), [
    "dist/out",
    "etc: outside",
    "etc/passwd: outside",
  ]);
});

test("listFiles() lets no line of a list leave the base folder", async (t) => {
  const { folder, base, list, lines } = await setUp(t, TREE);
  await symlink(folder, `${folder}/self`);
  const asked = lines(
    "dist/../other/x",
    `${base}/dist/Z`,
    "../x",
    "dist/../..",
    "/etc/passwd",
    "/",
  );
  assert.deepEqual(await list(asked), [
    "dist/../other/x",
    "dist/Z",
    "../x: outside",
    "dist/../..: outside",
    "/etc/passwd: outside",
    "/: outside",
  ]);
  const below = { kind: "line", base: join(base, "dist") } as const;
  assert.deepEqual(await list([{ ...below, text: `${base}/dist-evil` }]), ["dist-evil: outside"]);
});

test("listFiles() takes a line of a list as it is: no glob, no comment, no trimming", async (t) => {
  const { list, lines } = await setUp(t, { "a #1*.tgz": "1", " b ": "2", "dist/x": "3" });
  assert.deepEqual(await list(lines("a #1*.tgz", " b ", "dist")), ["a #1*.tgz", " b ", "dist/x"]);
});

test("listFiles() leaves out what is excluded, and what the run writes itself", async (t) => {
  const { folder, disk, list, words, lines } = await setUp(t, TREE);
  const excluded = compilePathFilter(["deep", "*.hidden", "Z"]);
  assert.deepEqual(await list(words("dist"), { excluded }), ["dist/b.tgz"]);
  assert.deepEqual(await list([...words("dist/Z", "other"), ...lines("dist/Z")], { excluded }), [
    "other/x",
  ]);
  const skipped = new Set([await locateFile(disk, join(folder, "dist/a/../Z"))]);
  assert.deepEqual(await list(words("dist/*"), { skipped }), ["dist/.hidden", "dist/b.tgz"]);
});

test("listFiles() goes on past a folder that cannot be listed", async (t) => {
  const { list, words } = await setUp(t, TREE);
  const faults = { unlistable: "/deep" };
  assert.deepEqual(await list(words("dist"), { faults }), [
    "dist/.hidden",
    "dist/Z",
    "dist/a/deep: unreadable",
    "dist/b.tgz",
  ]);
});

test("listFiles() looks into no folder that a glob does not ask for", async (t) => {
  const { list, words } = await setUp(t, TREE);
  const faults = { unlistable: "/a" };
  assert.deepEqual(await list(words("dist/*.tgz"), { faults }), ["dist/b.tgz"]);
  assert.deepEqual(await list(words("dist/**.tgz"), { faults }), [
    "dist/a: unreadable",
    "dist/b.tgz",
  ]);
});

test("listFiles() does not take a name that is not UTF-8 for a missing file", async (t) => {
  const { folder, list, words, lines } = await setUp(t, TREE);
  execFileSync("sh", [
    "-c",
    'cd "$1" && touch "$(printf "\\377name")"',
    "sh",
    join(folder, "other"),
  ]);
  assert.deepEqual(await list([...words("other"), ...lines("other/\ufffdname")]), [
    "other/x",
    "other/\ufffdname: unreadable",
    "other/\ufffdname: unreadable",
  ]);
});

test("listFiles() goes so deep and no deeper", async (t) => {
  const chain = (levels: number): string => "f/".repeat(levels);
  const { list, words } = await setUp(t, {
    [`${chain(MAX_FOLDER_DEPTH)}last`]: "1",
    [`${chain(MAX_FOLDER_DEPTH + 1)}lost`]: "2",
  });
  assert.deepEqual(await list(words("f")), [
    `${chain(MAX_FOLDER_DEPTH + 1)}lost`,
    `${chain(MAX_FOLDER_DEPTH)}last`,
  ]);
  assert.deepEqual(await list(words(".")).then((names) => names.map((name) => name.slice(-12))), [
    "f: too-large",
    "f/f/f/f/last",
  ]);
});

test("listFiles() refuses globs that would take too long", async (t) => {
  const { list, words } = await setUp(t, TREE);
  await assert.rejects(list(words("*a*b*c*d*")), { code: "USAGE" });
});
