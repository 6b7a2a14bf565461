import assert from "node:assert/strict";
import { appendFile, copyFile, rm, truncate, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { generateKeyPairSync } from "node:crypto";
import { parsePrivateKey } from "../../lib/keys/private_key.ts";
import { createKey } from "../support/images.ts";
import { openFolder, verdictsOf } from "../support/signed_files.ts";

const KEY = createKey();
const TREE = { "a": "a", "b/c": "c", "b/d": "d" };

test("verifyFiles() gives every file its own verdict, with why", async (t) => {
  const { path, sign, verify } = await openFolder(t, {
    "altered": "1",
    "broken": "2",
    "broken.sigstore.json": "no JSON",
    "copied": "3",
    "foreign": "4",
    "good": "5",
    "huge": "6",
    "huge.sigstore.json": " ".repeat(17 * 1024 * 1024),
    "unsigned": "7",
  }, KEY);
  await sign(["altered", "good"]);
  await sign(["foreign"], { key: createKey() });
  await appendFile(path("altered"), "!");
  await copyFile(path("good.sigstore.json"), path("copied.sigstore.json"));
  assert.deepEqual(verdictsOf(await verify([".", "none"])), [
    "altered failed signature-mismatch",
    "broken failed signature-malformed",
    "copied failed signature-mismatch",
    "foreign failed signature-mismatch",
    "good verified",
    "huge failed attachment-too-large",
    "unsigned unsigned no-signature",
    "none failed file-missing",
  ]);
});

test("verifyFiles() does not call unsigned, or verified, what it could not read", async (t) => {
  const { path, sign, verify } = await openFolder(t, TREE, KEY);
  await sign();
  for (const unreadable of ["/b/c", "/b/c.sigstore.json"]) {
    const results = await verify(["."], { faults: { unreadable } });
    assert.deepEqual(verdictsOf(results), [
      "a verified",
      "b/c unknown file-unreadable",
      "b/d verified",
    ]);
    const { verdict } = results[1]!;
    assert.ok(verdict.kind === "unknown");
    assert.match(verdict.evidence.request, /^read (?:the bundle of )?\S*b\/c$/u);
    assert.match(verdict.evidence.message, /input\/output error \(EIO\)$/u);
    assert.equal(verdict.digest === undefined, unreadable === "/b/c");
  }
  const listed = await verify(["."], { faults: { unlistable: "/b" } });
  assert.deepEqual(verdictsOf(listed), ["a verified", "b unknown file-unreadable"]);
  const whenRead = (read: string) =>
    read.endsWith("/a") ? appendFile(path("a"), "!") : Promise.resolve();
  assert.deepEqual(verdictsOf(await verify(["a"], { faults: { whenRead } })), [
    "a unknown file-unreadable",
  ]);
});

test("verifyFiles() follows no link out of a folder, for a file or its bundle", async (t) => {
  const { path, sign, verify } = await openFolder(t, {
    "out/x": "x",
    "in/file": { link: "../out/x" },
    "in/y": "x",
    "in/y.sigstore.json": { link: "../out/x.sigstore.json" },
    "in/z": { link: "y" },
  }, KEY);
  await sign(["out"]);
  await sign(["in/z"]);
  assert.deepEqual(verdictsOf(await verify(["in"])), [
    "in/file failed outside-folder",
    "in/y failed outside-folder",
    "in/z verified",
  ]);
  // Signing replaces the link, and not what it leads to.
  await rm(path("in/file"));
  const [signed] = await sign(["in"], { force: true });
  assert.equal(signed?.kind, "done");
  assert.deepEqual(verdictsOf(await verify(["in", "out"])), [
    "in/y verified",
    "in/z verified",
    "out/x verified",
  ]);
});

test("verifyFiles() verifies the bundle that cosign 2 wrote", async (t) => {
  const { path, read, sign, verify } = await openFolder(t, { "a": "a", "b": "a" }, KEY);
  await sign(["a"]);
  const { messageSignature } = JSON.parse(await read("a.sigstore.json")) as {
    readonly messageSignature: { readonly signature: string };
  };
  const old = JSON.stringify({ base64Signature: messageSignature.signature });
  await writeFile(path("b.sigstore.json"), old);
  assert.deepEqual(verdictsOf(await verify(["b"])), ["b verified"]);
});

test("verifyFiles() says that a file is too large to be held for an Ed25519 key", async (t) => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const key = parsePrivateKey(privateKey.export({ type: "pkcs8", format: "der" }));
  const { path, sign, verify } = await openFolder(t, { "a": "a" }, key);
  await sign();
  await truncate(path("a"), 128 * 1024 * 1024 + 1);
  const [result] = await verify();
  assert.notEqual(result?.verdict.kind, "verified");
  assert.notEqual(result?.verdict.kind, "unsigned");
  const [signed] = await sign(["a"], { force: true });
  assert.ok(signed?.kind === "failed" && /Ed25519/u.test(signed.message));
});
