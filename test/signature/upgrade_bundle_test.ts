import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText } from "../../lib/base/bytes.ts";
import { upgradeBundle } from "../../lib/signature/upgrade_bundle.ts";
import { type LogEntry, parseLogEntry } from "../../lib/signature/verification_material.ts";
import { jsonBytes } from "../support/images.ts";

const PROOF = {
  logIndex: "1",
  rootHash: "AQID",
  treeSize: "2",
  hashes: ["AQID"],
  checkpoint: { envelope: "log.test\n2\nAQID\n" },
};

const ENTRY = {
  logIndex: "7",
  logId: { keyId: "AQID" },
  kindVersion: { kind: "hashedrekord", version: "0.0.1" },
  integratedTime: "1795602040",
  inclusionPromise: { signedEntryTimestamp: "AQID" },
  canonicalizedBody: "AQID",
};

const OLD = {
  mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1",
  verificationMaterial: {
    x509CertificateChain: { certificates: [{ rawBytes: "AQID" }, { rawBytes: "BAUG" }] },
    tlogEntries: [ENTRY],
  },
  messageSignature: {
    messageDigest: { algorithm: "SHA2_256", digest: "AQID" },
    signature: "AQID",
  },
};

const refresh = (entry: LogEntry): Promise<LogEntry> => {
  assert.equal(entry.logIndex, "7");
  return Promise.resolve(parseLogEntry({ ...ENTRY, inclusionProof: PROOF }));
};

const never = (): Promise<LogEntry> => Promise.reject(new Error("not asked for"));

async function upgraded(json: unknown, ask = refresh): Promise<Record<string, unknown>> {
  const { bundle } = await upgradeBundle(jsonBytes(json), ask);
  return JSON.parse(decodeText(bundle)) as Record<string, unknown>;
}

test("of a chain the leaf stays, and a promise gets its proof", async () => {
  const { bundle, notes } = await upgradeBundle(jsonBytes(OLD), refresh);
  assert.deepEqual(JSON.parse(decodeText(bundle)), {
    ...OLD,
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: {
      certificate: { rawBytes: "AQID" },
      tlogEntries: [{ ...ENTRY, inclusionProof: PROOF }],
    },
  });
  assert.match(notes.join("\n"), /from v0\.1[\s\S]*leaf certificate[\s\S]*log index 7/u);
});

test("what has its proof is not asked for, and a key stays a key", async () => {
  const json = {
    ...OLD,
    mediaType: OLD.mediaType.replace("0.1", "0.2"),
    verificationMaterial: {
      publicKey: { hint: "aGludA==" },
      tlogEntries: [{ ...ENTRY, inclusionProof: PROOF }],
    },
  };
  const { verificationMaterial } = await upgraded(json, never);
  assert.deepEqual(verificationMaterial, json.verificationMaterial);
});

test("a bundle of version 0.3 stays as it is, byte for byte", async () => {
  const json = {
    ...OLD,
    mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.3",
    verificationMaterial: { certificate: { rawBytes: "AQID" } },
  };
  const { bundle } = await upgradeBundle(jsonBytes(json), never);
  assert.deepEqual(bundle, jsonBytes(json));
});

test("what is no bundle, or of a version to come, is refused", async () => {
  for (
    const bad of [
      {},
      { ...OLD, mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.9" },
      { ...OLD, verificationMaterial: {} },
      {
        ...OLD,
        verificationMaterial: { ...OLD.verificationMaterial, x509CertificateChain: {} },
      },
    ]
  ) await assert.rejects(upgraded(bad), { code: "MALFORMED" });
});
