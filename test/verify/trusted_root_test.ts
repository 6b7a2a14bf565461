import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { parseTrustedRoot } from "../../lib/verify/trusted_root.ts";
import { fixturePath } from "../support/fixtures.ts";
import { createInstance, SIGNED_AT, trustedRootJson } from "../support/sigstore/instance.ts";

// deno-lint-ignore no-explicit-any -- any part may be broken
const json = (): any => trustedRootJson(INSTANCE);
const INSTANCE = createInstance();
const parse = (value: unknown) => parseTrustedRoot(encodeText(JSON.stringify(value)));

test("parseTrustedRoot() reads what cosign and TUF write", async () => {
  const root = parseTrustedRoot(await readFile(fixturePath("trusted_root.json")));
  assert.deepEqual(root.logs.map(({ url, key }) => [url, key.algorithm]), [
    ["http://rekor.fixture.test:3000", "ecdsa-p256"],
    ["http://rekor2.fixture.test:3003", "ed25519"],
  ]);
  assert.deepEqual(root.certificateAuthorities.map((one) => one.certificates.length), [2, 2]);
  assert.equal(root.ctLogs.length, 1);
  assert.equal(root.timestampAuthorities.length, 1);
  assert.equal(root.logs[0]!.window.end, Infinity);
});

test("parseTrustedRoot() refuses a log's key without a beginning", () => {
  for (const list of ["tlogs", "ctlogs"]) {
    for (const validFor of [undefined, {}, { end: new Date(SIGNED_AT).toISOString() }]) {
      const root = json();
      root[list][0].publicKey.validFor = validFor;
      assert.throws(() => parse(root), /validFor\.start/u);
    }
  }
});

test("parseTrustedRoot() refuses what is no trusted root, and what is broken", () => {
  const broken: Readonly<Record<string, (root: ReturnType<typeof json>) => void>> = {
    "another media type": (root) => root.mediaType = "application/json",
    "no media type": (root) => delete root.mediaType,
    "a log without a key": (root) => delete root.tlogs[0].publicKey,
    "a log with a broken key": (root) => root.tlogs[0].publicKey.rawBytes = "AAAA",
    "a log without an identifier": (root) => delete root.tlogs[0].logId,
    "a log with a short identifier": (root) => root.tlogs[0].logId.keyId = "AA==",
    "a time that is none": (root) => root.tlogs[0].publicKey.validFor.start = "soon",
    "an authority without certificates": (root) =>
      root.certificateAuthorities[0].certChain.certificates = [],
    "a broken certificate": (root) =>
      root.certificateAuthorities[0].certChain.certificates[0].rawBytes = "AAAA",
    "too many certificates": (root) =>
      root.timestampAuthorities[0].certChain.certificates = Array.from(
        { length: 17 },
        () => root.timestampAuthorities[0].certChain.certificates[0],
      ),
  };
  for (const [what, change] of Object.entries(broken)) {
    const root = json();
    change(root);
    assert.throws(() => parse(root), { code: /^(?:MALFORMED|KEY)$/u }, what);
  }
  for (const text of ["", "[]", "null", "1", '{"tlogs":1}']) {
    assert.throws(() => parseTrustedRoot(encodeText(text)), { code: "MALFORMED" }, text);
  }
});

test("parseTrustedRoot() leaves out a log whose kind of key is not supported", () => {
  const root = json();
  root.tlogs[0].publicKey.keyDetails = "PKIX_ECDSA_P256_HMAC_SHA_256";
  assert.equal(parse(root).logs.length, 1);
});

test("parseTrustedRoot() knows a log by the identifier of its checkpoints, too", () => {
  const root = json();
  root.tlogs[0].checkpointKeyId = { keyId: "AQIDBA==" };
  assert.equal(parse(root).logs[0]!.ids.length, 2);
});
