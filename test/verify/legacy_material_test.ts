/** What stands in the annotations of legacy attestations proves who made them. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import { sha256Hex } from "../../lib/base/hash.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { buildAttestationStatement } from "../../lib/signature/attestation_statement.ts";
import { buildEnvelope, parseEnvelope, preAuthEncoding } from "../../lib/signature/dsse.ts";
import { legacyMaterial } from "../../lib/signature/material.ts";
import { LEGACY_ANNOTATIONS } from "../../lib/signature/read_legacy.ts";
import { INTOTO_PAYLOAD_TYPE } from "../../lib/signature/statement.ts";
import { checkEnvelope } from "../../lib/verify/check_envelope.ts";
import type { SignatureResult } from "../../lib/verify/verdict.ts";
import {
  createInstance,
  issueLeaf,
  pem64,
  SIGNED_AT,
  stampBy,
} from "../support/sigstore/instance.ts";
import { trustInstance } from "../support/sigstore/judge.ts";
import { createSigningKey } from "../support/sigstore/keys.ts";

const INSTANCE = createInstance();
const TYPE = "https://example.com/scan/v1";
const IMAGE = digestOf(encodeText("image"));
const KEY = createSigningKey();
const CERTIFICATE = issueLeaf(INSTANCE, KEY);

const payload = buildAttestationStatement({
  name: "image",
  digest: IMAGE,
  predicateType: TYPE,
  predicate: {},
});
const SIGNATURE = KEY.sign(preAuthEncoding(INTOTO_PAYLOAD_TYPE, payload));
const STORED = buildEnvelope({
  payloadType: INTOTO_PAYLOAD_TYPE,
  payload,
  signatures: [SIGNATURE],
});

const pem = Buffer.from(pem64("CERTIFICATE", CERTIFICATE), "base64").toString("utf8");

/** The annotation with Rekor's promise. */
function promised(body: Uint8Array): string {
  const { id, key } = INSTANCE.rekor1;
  const entry = {
    body: encodeBase64(body),
    integratedTime: SIGNED_AT / 1000,
    logID: Buffer.from(id).toString("hex"),
    logIndex: 7,
  };
  const signed = key.sign(encodeText(JSON.stringify(entry)));
  return JSON.stringify({ SignedEntryTimestamp: encodeBase64(signed), Payload: entry });
}

const sha = (bytes: Uint8Array) => ({ algorithm: "sha256", value: sha256Hex(bytes) });

/** As cosign 1 logged attestations: with the digest of the envelope, and no signature. */
const intoto = (stored: Uint8Array): Uint8Array =>
  encodeText(JSON.stringify({
    apiVersion: "0.0.1",
    kind: "intoto",
    spec: {
      content: { hash: sha(stored), payloadHash: sha(payload) },
      publicKey: pem64("CERTIFICATE", CERTIFICATE),
    },
  }));

async function judge(
  annotations: Readonly<Record<string, string>>,
  logThreshold = 1,
): Promise<SignatureResult> {
  const result = await checkEnvelope(
    {
      format: "legacy",
      envelope: parseEnvelope(STORED),
      hasCertificate: true,
      material: () => legacyMaterial(annotations),
      stored: STORED,
    },
    IMAGE,
    {
      keys: [],
      annotations: {},
      trust: trustInstance(INSTANCE, { logThreshold }),
      predicateType: TYPE,
    },
  );
  if (!("verified" in result)) throw new Error(result.predicateType);
  return result;
}

const certificate = { [LEGACY_ANNOTATIONS.certificate]: pem };

test("checkEnvelope() verifies a legacy attestation that is logged by its envelope's digest", async () => {
  const { bundle } = LEGACY_ANNOTATIONS;
  const good = await judge({ ...certificate, [bundle]: promised(intoto(STORED)) });
  assert.ok(good.verified, good.reasons[0]?.message);
  const other = await judge({ ...certificate, [bundle]: promised(intoto(SIGNATURE)) });
  assert.equal(other.reasons[0]?.code, "log-entry-mismatch");
});

test("checkEnvelope() takes the stamp of a legacy attestation for its envelope's", async () => {
  const stampOf = (bytes: Uint8Array) => ({
    ...certificate,
    [LEGACY_ANNOTATIONS.timestamp]: JSON.stringify({
      SignedRFC3161Timestamp: encodeBase64(stampBy(INSTANCE, bytes)),
    }),
  });
  assert.ok((await judge(stampOf(STORED), 0)).verified);
  assert.equal((await judge(stampOf(SIGNATURE), 0)).reasons[0]?.code, "timestamp-invalid");
});

test("checkEnvelope() refuses annotations that cannot be read, and does not fall over", async () => {
  const { certificate: pemName, bundle, timestamp } = LEGACY_ANNOTATIONS;
  const broken: readonly Readonly<Record<string, string>>[] = [
    { [pemName]: " \n" },
    { [pemName]: "garbage" },
    { [pemName]: pem.replace("MI", "!!") },
    { [pemName]: pem + pem },
    { [pemName]: pem.replaceAll("CERTIFICATE", "PUBLIC KEY") },
    { ...certificate, [bundle]: "{" },
    { ...certificate, [bundle]: "{}" },
    { ...certificate, [bundle]: promised(intoto(STORED)).replace('"body":"', '"body":"!') },
    {
      ...certificate,
      [bundle]: promised(intoto(STORED)).replace('"logIndex":7', '"logIndex":"7"'),
    },
    { ...certificate, [timestamp]: "[]" },
    { ...certificate, [timestamp]: '{"SignedRFC3161Timestamp":"!"}' },
  ];
  for (const annotations of broken) {
    const { verified, reasons } = await judge(annotations);
    assert.deepEqual([verified, reasons[0]?.code], [false, "signature-malformed"]);
  }
});
