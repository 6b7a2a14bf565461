import assert from "node:assert/strict";
import { appendFile, chmod, readdir, rm, stat, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { diskFiles } from "../../lib/base/disk.ts";
import { encodeText } from "../../lib/base/bytes.ts";
import type { Files } from "../../lib/base/files.ts";
import { listFiles } from "../../lib/fleet/list_files.ts";
import { signFiles } from "../../lib/fleet/sign_files.ts";
import { parsePrivateKey, type PrivateKey } from "../../lib/keys/private_key.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { contentOfDigest } from "../../lib/signature/blob_content.ts";
import { verifyBlob } from "../../lib/verify/verify_blob.ts";
import { collect } from "../support/collect.ts";
import { openKey } from "../keys/cosign_keys.ts";
import { createKey, trust } from "../support/images.ts";
import { openFolder, outcomesOf, verdictsOf } from "../support/signed_files.ts";

const KEY = createKey();
const TREE = { "a.tgz": "a", "b/c.tgz": "c", "b/d": "" };
const NAMES = Object.keys(TREE);

const all = (what: string): string[] => NAMES.map((name) => `${name} ${what}`);

/** A key of another kind. */
async function fixtureKey(name: string): Promise<PrivateKey> {
  return parsePrivateKey(await openKey(name));
}

test("signFiles() writes a bundle beside each file, as sign-blob does, and verifies it", async (t) => {
  const { read, sign, verify } = await openFolder(t, TREE, KEY);
  const signed = await sign();
  assert.deepEqual(outcomesOf(signed), all("signed"));
  const [first] = signed;
  const digest = digestOf(encodeText("a"));
  assert.ok(first?.kind === "done" && first.digest === digest);
  const bytes = encodeText(await read("a.tgz.sigstore.json"));
  const { kind } = await verifyBlob(
    contentOfDigest(digest),
    { kind: "bundle", bytes },
    trust([KEY]),
  );
  assert.equal(kind, "verified");
  assert.deepEqual(verdictsOf(await verify()), all("verified"));
});

test("signFiles() leaves what the key has signed as it is", async (t) => {
  const { read, sign } = await openFolder(t, TREE, KEY);
  await sign();
  const before = await read("a.tgz.sigstore.json");
  for (const force of [false, true]) {
    assert.deepEqual(outcomesOf(await sign(["."], { force })), all("already-signed"));
    assert.equal(await read("a.tgz.sigstore.json"), before);
  }
});

test("signFiles() replaces a bundle that does not verify only by force, and says why", async (t) => {
  const other = createKey();
  const { path, read, sign, verify } = await openFolder(t, {
    "foreign": "1",
    "changed": "2",
    "broken": "3",
    "broken.sigstore.json": "{",
    "big": "4",
    "big.sigstore.json": " ".repeat(17 * 1024 * 1024),
    "missing": "5",
  }, KEY);
  await sign(["foreign"], { key: other });
  await sign(["changed"]);
  await appendFile(path("changed"), "more");
  const names = ["big", "broken", "changed", "foreign"];
  const before = await Promise.all(names.map((name) => read(`${name}.sigstore.json`)));
  const kept = "failed: the bundle that is there is replaced only by force: ";
  for (const dryRun of [true, false]) {
    const results = outcomesOf(await sign(["."], { dryRun }));
    assert.deepEqual(results.map((result) => result.split(kept).length), [2, 2, 2, 2, 1]);
    assert.match(results[0]!, /larger than 16777216 bytes$/u);
    assert.match(results[1]!, /: Cannot read bundle: /u);
    assert.match(results[2]!, /other content/u);
    assert.match(results[3]!, /other content|by any key/u);
    assert.equal(results[4], `missing ${dryRun ? "to-sign" : "signed"}`);
  }
  assert.deepEqual(await Promise.all(names.map((name) => read(`${name}.sigstore.json`))), before);
  assert.deepEqual(outcomesOf(await sign(names, { force: true })), [
    "big signed",
    "broken signed",
    "changed signed",
    "foreign signed",
  ]);
  assert.ok((await verify(names)).every(({ verdict }) => verdict.kind === "verified"));
});

test("signFiles() writes nothing in a dry run, and says what it would sign", async (t) => {
  const { folder, sign } = await openFolder(t, TREE, KEY);
  await sign(["b/d"]);
  const before = await readdir(folder, { recursive: true });
  const results = await sign(["."], { dryRun: true });
  assert.deepEqual(outcomesOf(results), ["a.tgz to-sign", "b/c.tgz to-sign", "b/d already-signed"]);
  assert.ok(results.every((result) => result.kind === "done" && result.digest !== undefined));
  assert.deepEqual(await readdir(folder, { recursive: true }), before);
});

test("signFiles() goes on past files that cannot be read or written", async (t) => {
  const { folder, sign, verify } = await openFolder(t, TREE, KEY);
  const faults = { unreadable: "/a.tgz", unwritable: "/c.tgz.sigstore.json" };
  assert.deepEqual(outcomesOf(await sign([".", "none"], { faults })), [
    "a.tgz failed: input/output error (EIO)",
    "b/c.tgz failed: its bundle cannot be written: input/output error (EIO)",
    "b/d signed",
    "none failed: there is no such file",
  ]);
  assert.deepEqual((await readdir(folder)).sort(), ["a.tgz", "b"]);
  const unreadable = { unreadable: "/d.sigstore.json" };
  assert.deepEqual(outcomesOf(await sign(["b/d"], { faults: unreadable })), [
    "b/d failed: the bundle that is there is replaced only by force: input/output error (EIO)",
  ]);
  assert.deepEqual(verdictsOf(await verify(["b"])), [
    "b/c.tgz unsigned no-signature",
    "b/d verified",
  ]);
});

test("signFiles() notices that a file is changed, replaced or removed while it is read", async (t) => {
  const { folder, path, sign } = await openFolder(t, TREE, KEY);
  const changes = {
    changed: () => appendFile(path("a.tgz"), "more"),
    replaced: async () => {
      await rm(path("a.tgz"));
      await writeFile(path("a.tgz"), "b");
    },
  };
  for (const [how, whenRead] of Object.entries(changes)) {
    const results = outcomesOf(await sign(["a.tgz"], { faults: { whenRead } }));
    assert.deepEqual(results, ["a.tgz failed: it was changed while it was read"], how);
  }
  const whenRead = () => rm(path("a.tgz"));
  assert.deepEqual(outcomesOf(await sign(["a.tgz"], { faults: { whenRead } })), ["a.tgz gone"]);
  assert.deepEqual((await readdir(folder)).sort(), ["b"]);
});

test("signFiles() signs with every kind of key", async (t) => {
  for (const name of ["p384", "p521", "rsa2048", "ed25519"]) {
    const key = await fixtureKey(name);
    const { sign, verify } = await openFolder(t, TREE, key);
    assert.deepEqual(outcomesOf(await sign()), all("signed"), name);
    assert.deepEqual(outcomesOf(await sign()), all("already-signed"), name);
    assert.deepEqual(verdictsOf(await verify()), all("verified"), name);
  }
});

test("signFiles() reads as many files at once as told, and few where it must hold them", async (t) => {
  const tree = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`f${index}`, "x"]));
  for (const [name, limit, most] of [["p384", 5, 5], ["ed25519", 5, 2], ["p384", 1, 1]] as const) {
    const key = await fixtureKey(name);
    const { folder } = await openFolder(t, tree, key);
    const disk = diskFiles();
    let reading = 0;
    let peak = 0;
    const files: Files = {
      ...disk,
      async *read(path) {
        peak = Math.max(peak, ++reading);
        yield* disk.read(path);
        // All that may be read at once have begun by then.
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
        reading--;
      },
    };
    const items = listFiles(files, [{ kind: "word", text: folder }]);
    const results = await collect(signFiles(files, items, { key, limit }));
    assert.deepEqual([results.length, peak], [12, most], name);
  }
});

test("signFiles() passes over what a run that was killed has left", async (t) => {
  const { path, sign } = await openFolder(t, TREE, KEY);
  // Killed after writing, before renaming.
  await writeFile(path("b/.sigfleet-0e8dc2d0.sigstore.json"), "{");
  assert.deepEqual(outcomesOf(await sign()), all("signed"));
  assert.deepEqual((await readdir(path("b"))).filter((name) => name.startsWith(".")), [
    ".sigfleet-0e8dc2d0.sigstore.json",
  ]);
});

test("signFiles() writes bundles that everybody may read who may read new files", async (t) => {
  const { path, sign } = await openFolder(t, TREE, KEY);
  await chmod(path("a.tgz"), 0o600);
  await sign(["a.tgz"]);
  await writeFile(path("plain"), "");
  const modes = await Promise.all(
    ["plain", "a.tgz.sigstore.json"].map(async (name) => (await stat(path(name))).mode),
  );
  assert.equal(modes[0], modes[1]);
});

test("signFiles() lets through what concerns more than one file", async (t) => {
  const { sign } = await openFolder(t, TREE, KEY);
  const key = { ...KEY, signPieces: () => Promise.reject(new TypeError("a mistake of ours")) };
  await assert.rejects(sign(["."], { key }), TypeError);
});
