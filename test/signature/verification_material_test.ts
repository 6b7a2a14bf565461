import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleFromJSON } from "@sigstore/bundle";
import { decodeText, encodeBase64 } from "../../lib/base/bytes.ts";
import { buildStatementBundle } from "../../lib/signature/bundle.ts";
import { materialAnnotations } from "../../lib/signature/material_annotations.ts";
import { buildMessageBundle, buildOldBundle } from "../../lib/signature/message_bundle.ts";
import {
  type LogEntry,
  materialJson,
  parseLogEntry,
  type VerificationMaterial,
} from "../../lib/signature/verification_material.ts";

const BYTES = Uint8Array.of(1, 2, 3);

const ENTRY: LogEntry = {
  logIndex: "0",
  logId: Uint8Array.of(0xab, 0xcd),
  kind: "hashedrekord",
  version: "0.0.1",
  integratedTime: "1795602040",
  signedEntryTimestamp: BYTES,
  inclusionProof: {
    logIndex: "0",
    rootHash: BYTES,
    treeSize: "1",
    hashes: [],
    checkpoint: "log.test\n1\nAQID\n",
  },
  body: BYTES,
};

const MATERIAL: VerificationMaterial = {
  signer: { kind: "certificate", certificate: BYTES, chain: [Uint8Array.of(4, 5)] },
  logEntries: [ENTRY],
  timestamps: [BYTES],
};

test("a bundle holds certificate, entry and timestamp in cosign's order, and reads back", () => {
  assert.deepEqual(Object.keys(materialJson(MATERIAL)), [
    "certificate",
    "tlogEntries",
    "timestampVerificationData",
  ]);
  for (
    const bytes of [
      buildStatementBundle(BYTES, BYTES, MATERIAL),
      buildMessageBundle({ hash: "sha256", digest: BYTES, signature: BYTES, material: MATERIAL }),
    ]
  ) {
    const { verificationMaterial } = bundleFromJSON(JSON.parse(decodeText(bytes)));
    const [entry] = verificationMaterial.tlogEntries;
    assert.equal(entry!.integratedTime, "1795602040");
    assert.equal(entry!.logIndex, "0");
    assert.deepEqual(new Uint8Array(entry!.canonicalizedBody), BYTES);
    assert.equal(verificationMaterial.timestampVerificationData?.rfc3161Timestamps.length, 1);
  }
});

test("an entry that is written reads as it was", () => {
  const { tlogEntries: [json] } = materialJson(MATERIAL) as { tlogEntries: readonly unknown[] };
  assert.deepEqual(parseLogEntry(json), ENTRY);
});

test("an entry of Rekor v2, with nulls and zeros, has no time and no promise", () => {
  const entry = parseLogEntry({
    logIndex: "18446744073709551615",
    logId: { keyId: "AQID" },
    kindVersion: { kind: "hashedrekord", version: "0.0.2" },
    integratedTime: "0",
    inclusionPromise: null,
    inclusionProof: {
      rootHash: "AQID",
      treeSize: "18446744073709551616",
      checkpoint: { envelope: "x" },
    },
    canonicalizedBody: "AQID",
  });
  assert.equal(entry.logIndex, "18446744073709551615");
  assert.ok(!("integratedTime" in entry) && !("signedEntryTimestamp" in entry));
  assert.deepEqual(entry.inclusionProof?.hashes, []);
});

test("an entry without its parts, or with what is none, is refused", () => {
  const good = {
    logId: { keyId: "AQID" },
    kindVersion: { kind: "hashedrekord", version: "0.0.2" },
    canonicalizedBody: "AQID",
  };
  assert.equal(parseLogEntry(good).logIndex, "0");
  for (
    const bad of [
      null,
      [],
      { ...good, logId: undefined },
      { ...good, canonicalizedBody: "%" },
      { ...good, logIndex: "-1" },
      { ...good, logIndex: 1.5 },
      { ...good, inclusionProof: { rootHash: "AQID" } },
      {
        ...good,
        inclusionProof: {
          rootHash: "AQID",
          treeSize: "1",
          hashes: Array(65).fill("AQID"),
          checkpoint: { envelope: "x" },
        },
      },
    ]
  ) assert.throws(() => parseLogEntry(bad), { code: "MALFORMED" }, JSON.stringify(bad));
});

test("legacy annotations are Go's JSON and PEM; of a key's alone there are none", () => {
  assert.deepEqual(materialAnnotations(MATERIAL), {
    "dev.sigstore.cosign/certificate":
      "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n",
    "dev.sigstore.cosign/chain": "-----BEGIN CERTIFICATE-----\nBAU=\n-----END CERTIFICATE-----\n",
    "dev.sigstore.cosign/bundle":
      '{"SignedEntryTimestamp":"AQID","Payload":{"body":"AQID","integratedTime":1795602040,' +
      '"logIndex":0,"logID":"abcd"}}',
    "dev.sigstore.cosign/rfc3161timestamp": '{"SignedRFC3161Timestamp":"AQID"}',
  });
  const alone = { kind: "public-key", hint: "aGludA==" } as const;
  assert.deepEqual(
    materialAnnotations({ signer: alone, logEntries: [], timestamps: [] }),
    {},
  );
});

test("cosign 2's bundle file holds the certificate as base64 of PEM", () => {
  const json = JSON.parse(decodeText(buildOldBundle(BYTES, MATERIAL))) as Record<string, unknown>;
  assert.deepEqual(Object.keys(json), ["base64Signature", "cert", "rekorBundle"]);
  const pem = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
  assert.equal(json["cert"], encodeBase64(new TextEncoder().encode(pem)));
});
