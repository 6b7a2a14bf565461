/** Every kind of bundle that Sigstore's clients write is verified, on every kind of key. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { publicKeyFromSpki } from "../../lib/keys/public_key.ts";
import { buildAttestationStatement } from "../../lib/signature/attestation_statement.ts";
import {
  type BundleOptions,
  type EntryKind,
  makeBundle,
  MESSAGE,
} from "../support/sigstore/bundle.ts";
import { createInstance } from "../support/sigstore/instance.ts";
import { judgeBundle, trustInstance } from "../support/sigstore/judge.ts";
import { createSigningKey, type KeyKind } from "../support/sigstore/keys.ts";
import { createLog, noteLine } from "../support/sigstore/log.ts";

const INSTANCE = createInstance();
const TRUST = trustInstance(INSTANCE);

const TYPE = "https://example.com/scan/v1";
const STATEMENT = buildAttestationStatement({
  name: "file",
  digest: digestOf(MESSAGE),
  predicateType: TYPE,
  predicate: {},
});

const ENTRIES: readonly EntryKind[] = [
  "hashedrekord 0.0.1",
  "dsse 0.0.1",
  "intoto 0.0.2",
  "hashedrekord 0.0.2",
  "dsse 0.0.2",
];

/** Which entries log a message; the others log envelopes. */
const isOfMessage = (entry: EntryKind): boolean => entry.startsWith("hashedrekord");

const CHECKS = ["signature", "transparency-log", "certificate", "certificate-log", "identity"];

for (const version of ["0.1", "0.2", "0.3"] as const) {
  for (const entry of ENTRIES) {
    const options: BundleOptions = {
      version,
      entry,
      statement: isOfMessage(entry) ? undefined : STATEMENT,
      // A bundle v0.1 must have a promise, which Rekor v2 does not give.
      ...version === "0.1" ? { log: { promise: true } } : {},
    };
    if (version === "0.1" && entry.endsWith("0.0.2") && !entry.startsWith("intoto")) continue;
    test(`verifyBlob() verifies a bundle v${version} with an entry of kind ${entry}`, async () => {
      const { json } = makeBundle(INSTANCE, options);
      const asked = isOfMessage(entry) ? {} : { predicateType: TYPE };
      const { verified, code, result } = await judgeBundle(json, TRUST, asked);
      assert.ok(verified, code);
      for (const check of CHECKS) assert.ok(result.checks.some((one) => one === check), check);
    });
  }
}

test("verifyBlob() verifies an envelope that Rekor v2 has as a hashedrekord", async () => {
  const { json } = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.2", statement: STATEMENT });
  assert.ok((await judgeBundle(json, TRUST, { predicateType: TYPE })).verified);
});

const KINDS: readonly KeyKind[] = ["P-256", "P-384", "rsa", "ed25519"];

for (const kind of KINDS) {
  test(`verifyBlob() verifies bundles where every key is of kind ${kind}`, async () => {
    const instance = createInstance({
      authority: kind,
      rekor1: kind,
      rekor2: kind,
      // CT logs sign with ECDSA or RSA (RFC 6962 §2.1.4).
      ct: kind === "ed25519" ? "P-256" : kind,
      tsa: kind,
    });
    const trust = trustInstance(instance);
    for (const entry of ["hashedrekord 0.0.1", "hashedrekord 0.0.2"] as const) {
      const { json } = makeBundle(instance, { entry, stamped: true });
      const { verified, code, result } = await judgeBundle(json, trust);
      assert.ok(verified, `${entry}: ${code}: ${result.reasons[0]?.message}`);
      assert.ok(result.checks.includes("timestamp"));
    }
    const key = createSigningKey(kind);
    const signed = makeBundle(instance, { entry: "hashedrekord 0.0.1", key });
    assert.ok((await judgeBundle(signed.json, trust)).verified);
  });
}

test("verifyBlob() verifies what a log with a P-384 key signed over SHA-256, as Rekor v1 does", async () => {
  const rekor1 = createLog(1, "rekor.example", createSigningKey("P-384", "sha256"));
  const instance = { ...INSTANCE, rekor1 };
  const { json } = makeBundle(instance, { entry: "hashedrekord 0.0.1" });
  assert.ok((await judgeBundle(json, trustInstance(instance))).verified);
});

test("verifyBlob() passes over the signatures of witnesses, whatever they are", async () => {
  const witness = createSigningKey("ed25519");
  const hint = Uint8Array.of(1, 2, 3, 4);
  const lines = (text: string): string =>
    [
      noteLine("witness.example", hint, witness.sign(encodeText(text))),
      noteLine("rekor2.example", hint, new Uint8Array(64)),
      noteLine("x", hint, Uint8Array.of(4)),
    ].join("");
  const { json } = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.2", log: { witnesses: lines } });
  assert.ok((await judgeBundle(json, TRUST)).verified);
});

test("verifyBlob() lets no witness sign for the log, and no line that is none", async () => {
  const { json } = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.2" });
  const [entry] = json.verificationMaterial.tlogEntries;
  const { envelope } = entry.inclusionProof.checkpoint;
  const [text] = envelope.split("\n\n");
  const bad = {
    "no signature": `${text}\n\n`,
    "a witness alone": `${text}\n\n${noteLine("w", Uint8Array.of(9, 9, 9, 9), new Uint8Array(64))}`,
    "another name": envelope.replace("— rekor2.example", "— rekor3.example"),
    "a line of garbage": `${envelope}garbage\n`,
    "no line feed": envelope.trimEnd(),
    "101 lines": envelope + noteLine("w", Uint8Array.of(1, 1, 1, 1), new Uint8Array(9)).repeat(100),
  };
  for (const [what, changed] of Object.entries(bad)) {
    entry.inclusionProof.checkpoint.envelope = changed;
    assert.equal((await judgeBundle(json, TRUST)).code, "log-entry-invalid", what);
  }
});

test("verifyBlob() needs no log where a key signed, and checks it where that is asked for", async () => {
  const key = createSigningKey();
  const keys = [{ name: "alice.pub", key: publicKeyFromSpki(key.spki) }];
  const none = makeBundle(INSTANCE, { key, bare: true }).json;
  const logged = makeBundle(INSTANCE, { key, bare: true, entry: "hashedrekord 0.0.2" }).json;
  const unstamped = structuredClone(logged);
  unstamped.verificationMaterial.timestampVerificationData.rfc3161Timestamps = [];
  const plain = await judgeBundle(none, undefined, { keys });
  assert.deepEqual([plain.verified, plain.result.checks], [true, ["signature"]]);
  assert.equal((await judgeBundle(none, TRUST, { keys })).code, "log-entry-missing");
  for (const json of [logged, unstamped]) {
    const { verified, result } = await judgeBundle(json, TRUST, { keys });
    assert.ok(verified, result.reasons[0]?.message);
    assert.ok(result.checks.includes("transparency-log"));
  }
});

test("verifyBlob() takes no key's signature for an identity's, nor the reverse", async () => {
  const key = createSigningKey();
  const keys = [{ name: "alice.pub", key: publicKeyFromSpki(key.spki) }];
  const entry = "hashedrekord 0.0.2";
  const bare = makeBundle(INSTANCE, { key, bare: true, entry }).json;
  assert.equal((await judgeBundle(bare, TRUST)).code, "key-instead-of-certificate");
  const certified = makeBundle(INSTANCE, { key, entry }).json;
  const { code } = await judgeBundle(certified, undefined, { keys });
  assert.equal(code, "certificate-instead-of-key");
});

test("verifyBlob() counts each log and authority once", async () => {
  const { json } = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.2" });
  const twice = trustInstance(INSTANCE, { logThreshold: 2 });
  assert.equal((await judgeBundle(json, twice)).code, "log-entry-missing");
  const stamps = trustInstance(INSTANCE, { timestampThreshold: 2 });
  assert.equal((await judgeBundle(json, stamps)).code, "timestamp-missing");
  const scts = trustInstance(INSTANCE, { sctThreshold: 2 });
  assert.equal((await judgeBundle(json, scts)).code, "sct-missing");

  const { tlogEntries, timestampVerificationData } = json.verificationMaterial;
  tlogEntries.push(tlogEntries[0]);
  assert.equal((await judgeBundle(json, TRUST)).code, "log-entry-invalid");
  tlogEntries.pop();
  timestampVerificationData.rfc3161Timestamps.push(timestampVerificationData.rfc3161Timestamps[0]);
  assert.equal((await judgeBundle(json, TRUST)).code, "timestamp-invalid");
});

test("verifyBlob() passes over entries of logs that it does not know, where others are enough", async () => {
  const key = createSigningKey();
  const own = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.2", key }).json;
  const other = makeBundle(createInstance(), { entry: "hashedrekord 0.0.2", key }).json;
  const { tlogEntries } = own.verificationMaterial;
  tlogEntries.unshift(...other.verificationMaterial.tlogEntries);
  assert.ok((await judgeBundle(own, TRUST)).verified);
  tlogEntries.pop();
  assert.equal((await judgeBundle(own, TRUST)).code, "log-entry-missing");
});

test("verifyBlob() passes over stamps of authorities that it does not know, where others are enough", async () => {
  const { json } = makeBundle(INSTANCE, {
    entry: "hashedrekord 0.0.1",
    stamped: true,
    timestamp: { issuer: "another authority" },
  });
  const { verified, result } = await judgeBundle(json, TRUST);
  assert.ok(verified);
  assert.ok(!result.checks.includes("timestamp"));
  const asked = trustInstance(INSTANCE, { timestampThreshold: 1 });
  assert.equal((await judgeBundle(json, asked)).code, "timestamp-missing");
});
