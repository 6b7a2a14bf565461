/** A certificate must have been promised to a trusted certificate log, while that was trusted. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { parseDetachedSct } from "../../lib/signature/sct.ts";
import type { TrustPolicy } from "../../lib/verify/trust_policy.ts";
import { makeBundle } from "../support/sigstore/bundle.ts";
import { detachedSct, type TestExtension } from "../support/sigstore/certificate.ts";
import {
  type CertificateChange,
  createInstance,
  leafExtensions,
  MINUTE,
  SIGNED_AT,
  type TestWindows,
  trustedRootJson,
} from "../support/sigstore/instance.ts";
import { judgeBundle, type Judged, trustInstance } from "../support/sigstore/judge.ts";
import { createSigningKey } from "../support/sigstore/keys.ts";

const INSTANCE = createInstance();
const { ct } = INSTANCE;
const ENTRY = "hashedrekord 0.0.2";
const PROMISED_AT = SIGNED_AT - 5 * MINUTE;

function judge(
  certificate: CertificateChange,
  trust: Partial<Omit<TrustPolicy, "root">> = {},
  windows: TestWindows = {},
): Promise<Judged> {
  const { json } = makeBundle(INSTANCE, { entry: ENTRY, certificate });
  const root = trustedRootJson(INSTANCE, windows);
  return judgeBundle(json, trustInstance(INSTANCE, { root, ...trust }));
}

test("verifyBlob() refuses a certificate without a promise, unless none is asked for", async () => {
  assert.equal((await judge({ scts: [] })).code, "sct-missing");
  const { verified, result } = await judge({ scts: [] }, { sctThreshold: 0 });
  assert.ok(verified);
  assert.ok(!result.checks.includes("certificate-log"));
});

test("verifyBlob() passes over the promise of a log that it does not know, and asks for another", async () => {
  const stranger = createInstance().ct;
  const time = PROMISED_AT;
  assert.equal((await judge({ scts: [{ log: stranger, time }] })).code, "sct-missing");
  assert.ok((await judge({ scts: [{ log: stranger, time }, { log: ct, time }] })).verified);
});

test("verifyBlob() refuses a promise that another key signed, or for another time or certificate", async () => {
  const forger = { ...ct, key: createSigningKey() };
  assert.equal((await judge({ scts: [{ log: forger, time: PROMISED_AT }] })).code, "sct-invalid");
  const other = { ...ct, key: createSigningKey("P-384") };
  assert.equal((await judge({ scts: [{ log: other, time: PROMISED_AT }] })).code, "sct-invalid");
  // Signed for a certificate with other names.
  const [usage, purpose, names] = leafExtensions() as readonly [
    TestExtension,
    TestExtension,
    TestExtension,
  ];
  const good = makeBundle(INSTANCE, { entry: ENTRY });
  const list = findSctExtension(good.certificate);
  const extensions = [usage, purpose, names, { oid: "1.3.6.1.4.1.11129.2.4.2", value: list }];
  assert.equal((await judge({ extensions, scts: [] })).code, "sct-invalid");
});

/** The value of the extension, which is the last of the test's certificates. */
function findSctExtension(certificate: Uint8Array): Uint8Array {
  const marker = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
  const at =
    certificate.findIndex((_, index) =>
      marker.every((octet, offset) => certificate[index + offset] === octet)
    ) + marker.length;
  // OCTET STRING, with a length of one octet or two.
  const header = certificate[at + 1] === 0x81 ? 3 : 2;
  const length = certificate[at + header - 1]!;
  return certificate.subarray(at + header, at + header + length);
}

test("verifyBlob() refuses a promise from outside the time in which the log's key was trusted", async () => {
  for (const window of [{ start: PROMISED_AT + 1 }, { start: 0, end: PROMISED_AT - 1 }]) {
    assert.equal((await judge({}, {}, { ct: window })).code, "sct-invalid");
  }
  for (const window of [{ start: PROMISED_AT }, { start: 0, end: PROMISED_AT }]) {
    assert.ok((await judge({}, {}, { ct: window })).verified);
  }
});

test("verifyBlob() refuses promises of another shape", async () => {
  const values = [
    Uint8Array.of(),
    Uint8Array.of(4, 0),
    Uint8Array.of(4, 2, 0, 5),
    Uint8Array.of(4, 4, 0, 2, 0, 0),
    Uint8Array.of(4, 5, 0, 3, 0, 1, 0),
  ];
  for (const value of values) {
    const extensions = [...leafExtensions(), { oid: "1.3.6.1.4.1.11129.2.4.2", value }];
    const { verified, code } = await judge({ extensions, scts: [] });
    assert.equal(verified, false);
    assert.ok(["sct-invalid", "signature-malformed"].includes(code!), code);
  }
});

test("verifyBlob() takes a promise that stands beside the certificate, and checks it as well", async () => {
  const { json, certificate } = makeBundle(INSTANCE, { entry: ENTRY, certificate: { scts: [] } });
  const judgeWith = (text: string) => {
    const detachedScts = [parseDetachedSct(encodeText(text))];
    return judgeBundle(json, trustInstance(INSTANCE, { detachedScts }));
  };
  assert.ok((await judgeWith(detachedSct(ct, certificate, PROMISED_AT))).verified);
  const other = makeBundle(INSTANCE, { entry: ENTRY }).certificate;
  assert.equal((await judgeWith(detachedSct(ct, other, PROMISED_AT))).code, "sct-invalid");
});

test("parseDetachedSct() refuses what is no SCT", () => {
  for (const text of ["", "{}", '{"sct_version":1,"id":"","timestamp":1,"signature":""}']) {
    assert.throws(() => parseDetachedSct(encodeText(text)), { code: "MALFORMED" });
  }
});
