import assert from "node:assert/strict";
import { appendFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { test, type TestContext } from "node:test";
import { diskFiles } from "../../lib/base/disk.ts";
import { readLock } from "../../lib/fleet/read_lock.ts";
import { finishLock, startLock } from "../../lib/fleet/write_lock.ts";
import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { faultyFiles, type TreeEntry } from "../support/file_tree.ts";
import { createKey, trust } from "../support/images.ts";
import { openFolder, outcomesOf, verdictsOf } from "../support/signed_files.ts";

const KEY = createKey();
const TREE = { "dist/a": "a", "dist/b/c": "c", "dist/b/d": "d" };

/** Signed files with a lock file beside them. */
async function setUp(t: TestContext, tree: Readonly<Record<string, TreeEntry>> = TREE) {
  const opened = await openFolder(t, tree, KEY);
  const { files, path, sign, verify } = opened;
  const lockPath = path("dist/SHA256SUMS");
  const write = async (
    names: readonly string[] = ["dist"],
    { signed = true, force = false, key = KEY }: {
      readonly signed?: boolean;
      readonly force?: boolean;
      readonly key?: PrivateKey;
    } = {},
  ) => {
    const lock = await startLock(files, lockPath, { key, force, signed });
    const results = await sign(names, { lock, key, force });
    return { results, last: results.at(-1) };
  };
  const check = async (names: readonly string[] = ["dist/a", "dist/b"]) => {
    const lock = await readLock(files, lockPath, trust([KEY]));
    return { lock: lock.verdict.kind, files: verdictsOf(await verify(names, { lock })) };
  };
  return { ...opened, lockPath, write, check };
}

const GOOD = ["dist/a verified", "dist/b/c verified", "dist/b/d verified"];

test("a lock file holds what was signed, and verifies with its own bundle", async (t) => {
  const { read, write, check } = await setUp(t);
  const { last } = await write();
  assert.ok(last?.kind === "done" && last.outcomes.bundle === "signed");
  const lock = await read("dist/SHA256SUMS");
  assert.deepEqual(lock.match(/(?<= {2}).*/gu), ["a", "b/c", "b/d"]);
  assert.deepEqual(await check(), { lock: "verified", files: GOOD });
  assert.deepEqual(await check([]), { lock: "verified", files: GOOD });
  // Of part of the files the others come last.
  assert.deepEqual((await check(["dist/b"])).files, [GOOD[1], GOOD[2], GOOD[0]]);
});

test("a lock file names what is missing, extra and changed, signed or not", async (t) => {
  const { path, sign, write, check } = await setUp(t);
  await write();
  await rm(path("dist/a"));
  await appendFile(path("dist/b/c"), "!");
  await sign(["dist/b/c"], { force: true });
  await appendFile(path("dist/b/d"), "!");
  await rm(path("dist/b/d.sigstore.json"));
  await writeFile(path("dist/b/extra-signed"), "x");
  await sign(["dist/b/extra-signed"]);
  await writeFile(path("dist/b/extra"), "x");
  const { files } = await check(["dist/b"]);
  assert.deepEqual(files, [
    "dist/b/c failed file-changed",
    "dist/b/d failed file-changed no-signature",
    "dist/b/extra failed file-extra no-signature",
    "dist/b/extra-signed failed file-extra",
    "dist/a failed file-missing",
  ]);
});

test("a lock file's own bundle is verified over the bytes that are used", async (t) => {
  const { path, lockPath, write, check } = await setUp(t);
  await write(["dist"], { signed: false });
  assert.equal((await check()).lock, "unsigned");
  await write();
  await appendFile(lockPath, "# more\n");
  assert.deepEqual(await check(), { lock: "failed", files: GOOD });
  await rm(path("dist/SHA256SUMS.sigstore.json"));
  assert.equal((await check()).lock, "unsigned");
});

test("a lock file leads nowhere out of its folder", async (t) => {
  const { folder, path, lockPath, files, write, check } = await setUp(t);
  await write(["dist"], { signed: false });
  await writeFile(path("outside"), "x");
  await symlink("../outside", path("dist/link"));
  await symlink("..", path("dist/up"));
  const digest = "0".repeat(64);
  const lines = [
    "../outside",
    `${folder}/outside`,
    "/etc/passwd",
    "b/../../outside",
    "up/outside",
    ".",
  ];
  await writeFile(lockPath, [...lines, "link"].map((name) => `${digest}  ${name}\n`).join(""));
  const { files: results } = await check([]);
  assert.deepEqual(results.map((result) => result.split(" ").slice(1).join(" ")), [
    ...lines.map(() => "failed outside-folder"),
    "failed outside-folder",
  ]);
  const absolute = await files.resolve(path("dist/a"));
  await writeFile(
    lockPath,
    `${"1".repeat(64)}  outside-no\n${digest}  a\n${"1".repeat(64)}  up/dist/a\n`,
  );
  await assert.rejects(check([]), { code: "MALFORMED" });
  await writeFile(lockPath, `${digest}  ${absolute}\n${digest}  b/none/x\n${digest}  a/below\n`);
  const expected = ["failed file-changed", "failed file-missing", "failed file-missing"];
  const found = (await check([])).files.map((result) => result.split(" ").slice(1).join(" "));
  assert.deepEqual(found, expected);
});

test("a lock file finds its files by whatever way their folder is named", async (t) => {
  const { path, write, check } = await setUp(t);
  await write();
  await symlink("dist", path("other-name"));
  await symlink("b", path("dist/same"));
  const { files } = await check(["other-name/a", "other-name/b"]);
  assert.deepEqual(files.map((result) => result.split(" ")[1]), [
    "verified",
    "verified",
    "verified",
  ]);
});

test("a lock file made by sha256sum that names bundles too is understood", async (t) => {
  const { lockPath, read, write, check } = await setUp(t);
  await write(["dist"], { signed: false });
  const bundle = `${"0".repeat(64)}  ./a.sigstore.json\n`;
  await writeFile(lockPath, bundle + (await read("dist/SHA256SUMS")).replaceAll("  ", " *./"));
  assert.deepEqual((await check()).files, GOOD);
});

test("signFiles() fails for files that are not below the folder of the lock file", async (t) => {
  const { write } = await setUp(t, { ...TREE, "other/x": "x", "dist-2": "y" });
  const { results } = await write(["dist", "other", "dist-2"]);
  assert.deepEqual(outcomesOf(results).slice(-3), [
    "other/x failed: it is not below the folder of the lock file",
    "dist-2 failed: it is not below the folder of the lock file",
    "dist/SHA256SUMS failed: it is not written, since some files could not be signed",
  ]);
});

test("startLock() leaves no bundle beside another lock file, and replaces nobody else's", async (t) => {
  const { path, folder, lockPath, write, check } = await setUp(t);
  await write();
  const { last } = await write(["dist/a", "dist/b"]);
  assert.ok(last?.kind === "done" && last.outcomes.bundle === "already-signed");
  await assert.rejects(write(["dist/a"], { signed: false }), { code: "USAGE" });
  await write(["dist/a"]);
  assert.equal((await check()).lock, "verified");

  const other = createKey();
  const refused = { code: "USAGE", message: /^Cannot sign lock file .*replaced only by force/u };
  await assert.rejects(write(["dist/a"], { key: other }), refused);
  await write(["dist/a"], { key: other, force: true });
  assert.equal((await check()).lock, "failed");
  await rm(lockPath);
  await assert.rejects(write(["dist/a"]), { code: "USAGE" });
  await write(["dist/a"], { force: true });
  assert.equal((await check([])).lock, "verified");
  await assert.rejects(startLock(diskFiles(), path("none/lock"), { key: KEY, signed: false }), {
    code: "FILE",
  });
  assert.deepEqual((await readdir(folder)).sort(), ["dist"]);
});

test("finishLock() says that the lock file could not be written, or signed", async (t) => {
  const { files, lockPath } = await setUp(t);
  for (const unwritable of ["/SHA256SUMS", "/SHA256SUMS.sigstore.json"]) {
    const options = { key: KEY, signed: true };
    const lock = await startLock(files, lockPath, options);
    const last = await finishLock(faultyFiles(files, { unwritable }), lock, KEY);
    assert.ok(last?.kind === "failed");
    assert.match(last.message, /cannot be written: input\/output error/u);
  }
});

test("readLock() says that it cannot be read, or is none", async (t) => {
  const { files, lockPath } = await setUp(t);
  await assert.rejects(readLock(files, lockPath, trust([])), { code: "FILE", failure: "missing" });
  await writeFile(lockPath, "no lock\n");
  await assert.rejects(readLock(files, lockPath, trust([])), { code: "MALFORMED" });
});
