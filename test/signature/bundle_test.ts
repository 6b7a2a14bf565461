import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText, encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import { buildStatementBundle, parseImageBundle } from "../../lib/signature/bundle.ts";
import { keyMaterial } from "../../lib/signature/verification_material.ts";
import { jsonBytes } from "../support/images.ts";

const STATEMENT = encodeText('{"_type":"x"}');
const SIGNATURE = Uint8Array.of(1, 2, 3);
const MATERIAL = keyMaterial({ hint: "aGludA==" });

test("buildStatementBundle() writes the fields in cosign's order", () => {
  assert.equal(
    decodeText(buildStatementBundle(STATEMENT, SIGNATURE, MATERIAL)),
    '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",' +
      '"verificationMaterial":{"publicKey":{"hint":"aGludA=="}},' +
      `"dsseEnvelope":{"payload":"${encodeBase64(STATEMENT)}",` +
      '"payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AQID"}]}}',
  );
});

test("parseImageBundle() reads what buildStatementBundle() writes", () => {
  const { envelope, material } = parseImageBundle(
    buildStatementBundle(STATEMENT, SIGNATURE, MATERIAL),
  );
  assert.equal(material, "public-key");
  assert.equal(envelope.payloadType, "application/vnd.in-toto+json");
  assert.deepEqual(new Uint8Array(envelope.payload), STATEMENT);
  assert.deepEqual(envelope.signatures.map((bytes) => new Uint8Array(bytes)), [SIGNATURE]);
});

const good = JSON.parse(
  decodeText(buildStatementBundle(STATEMENT, SIGNATURE, MATERIAL)),
) as Record<string, unknown>;

test("parseImageBundle() reads both names of version 0.3", () => {
  const mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.3";
  assert.equal(parseImageBundle(jsonBytes({ ...good, mediaType })).material, "public-key");
});

test("parseImageBundle() refuses other versions, forms and numbers of signatures", () => {
  const envelope = good["dsseEnvelope"] as Record<string, unknown>;
  const bad: Readonly<Record<string, unknown>> = {
    "no object": null,
    "empty": {},
    "version 0.1": { ...good, mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1" },
    "version 0.2": { ...good, mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.2" },
    "a version to come": { ...good, mediaType: "application/vnd.dev.sigstore.bundle.v0.4+json" },
    "a longer type": { ...good, mediaType: `${String(good["mediaType"])}x` },
    "no material": { ...good, verificationMaterial: {} },
    "no envelope": { ...good, dsseEnvelope: undefined },
    "no signature": { ...good, dsseEnvelope: { ...envelope, signatures: [] } },
    "two signatures": {
      ...good,
      dsseEnvelope: { ...envelope, signatures: [{ sig: "AQID" }, { sig: "AQID" }] },
    },
    "a message signature": {
      ...good,
      dsseEnvelope: undefined,
      messageSignature: {
        messageDigest: { algorithm: "SHA2_256", digest: "AQID" },
        signature: "AQID",
      },
    },
  };
  for (const [name, value] of Object.entries(bad)) {
    assert.throws(() => parseImageBundle(jsonBytes(value)), { code: "MALFORMED" }, name);
  }
  assert.throws(() => parseImageBundle(encodeText("{")), { code: "MALFORMED" });
  assert.throws(() => parseImageBundle(Uint8Array.of(0xff)), { code: "MALFORMED" });
});
