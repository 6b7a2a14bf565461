/** A stamp proves a time only if a trusted authority, whose certificate is for that, made it. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { encodeBase64 } from "../../lib/base/bytes.ts";
import { parseTimestamp } from "../../lib/signature/timestamp_token.ts";
import { makeBundle } from "../support/sigstore/bundle.ts";
import { keyUsage, purposes } from "../support/sigstore/certificate.ts";
import {
  authorityJson,
  createInstance,
  type Instance,
  type InstanceChanges,
  MINUTE,
  SIGNED_AT,
  stampBy,
  type TestWindows,
  TIME_STAMPING,
  trustedRootJson,
} from "../support/sigstore/instance.ts";
import { judgeBundle, type Judged, trustInstance } from "../support/sigstore/judge.ts";
import { createSigningKey } from "../support/sigstore/keys.ts";
import type { TimestampOptions } from "../support/sigstore/timestamp.ts";

const INSTANCE = createInstance();
const ENTRY = "hashedrekord 0.0.2";

function judge(
  instance: Instance,
  timestamp: Partial<TimestampOptions> = {},
  root: object = trustedRootJson(instance),
): Promise<Judged> {
  const { json } = makeBundle(instance, { entry: ENTRY, timestamp });
  return judgeBundle(json, trustInstance(instance, { root }));
}

test("verifyBlob() refuses a stamp that another key signed, and one that the authority refused", async () => {
  assert.ok((await judge(INSTANCE)).verified);
  assert.ok((await judge(INSTANCE, { status: 1 })).verified, "granted with changes");
  const changes: readonly Partial<TimestampOptions>[] = [
    { key: createSigningKey() },
    { key: createSigningKey("P-384") },
    { key: createSigningKey("ed25519") },
    { status: 2 },
    { signers: 0 },
    { signers: 2 },
    { contentType: "1.2.840.113549.1.7.1" },
  ];
  for (const change of changes) {
    assert.equal((await judge(INSTANCE, change)).code, "timestamp-invalid");
  }
});

test("verifyBlob() refuses a stamp of something else", async () => {
  const { json } = makeBundle(INSTANCE, { entry: ENTRY });
  const other = makeBundle(INSTANCE, { entry: ENTRY }).json;
  json.verificationMaterial.timestampVerificationData =
    other.verificationMaterial.timestampVerificationData;
  assert.equal((await judgeBundle(json, trustInstance(INSTANCE))).code, "timestamp-invalid");
});

test("verifyBlob() refuses a stamp from outside the time of the authority and its certificates", async () => {
  const windows: readonly TestWindows[] = [
    { tsa: { start: SIGNED_AT + 1 } },
    { tsa: { start: 0, end: SIGNED_AT - 1 } },
  ];
  for (const window of windows) {
    const root = trustedRootJson(INSTANCE, window);
    assert.equal((await judge(INSTANCE, {}, root)).code, "timestamp-invalid");
  }
  const outside: readonly InstanceChanges[] = [
    { tsa: { notBefore: SIGNED_AT + MINUTE } },
    { tsa: { notAfter: SIGNED_AT - MINUTE } },
  ];
  for (const change of outside) {
    assert.equal((await judge(createInstance({}, change))).code, "timestamp-invalid");
  }
});

test("verifyBlob() refuses a stamp by a certificate that is not for that", async () => {
  const changes: readonly InstanceChanges[] = [
    { tsa: { extensions: [keyUsage(0x80)] } },
    { tsa: { extensions: [keyUsage(0x80), purposes("1.3.6.1.5.5.7.3.3")] } },
    { tsa: { extensions: [keyUsage(0x04), purposes(TIME_STAMPING)] } },
    { tsa: { signer: createSigningKey() } },
  ];
  for (const change of changes) {
    assert.equal((await judge(createInstance({}, change))).code, "timestamp-invalid");
  }
});

test("verifyBlob() takes the authority's certificate from the stamp where trust has only the issuer's", async () => {
  const { tsaChain } = INSTANCE;
  const root = {
    ...trustedRootJson(INSTANCE),
    timestampAuthorities: [authorityJson([tsaChain[1]], {})],
  };
  assert.ok((await judge(INSTANCE, { certificates: [tsaChain[0]] }, root)).verified);
  assert.equal((await judge(INSTANCE, {}, root)).code, "time-not-proven");
  // Who signs for it must still be trusted.
  const stranger = createInstance();
  const forged = { key: stranger.tsa, certificates: [stranger.tsaChain[0]] };
  assert.notEqual((await judge(INSTANCE, forged, root)).verified, true);
});

test("verifyBlob() survives every flipped bit of a stamp, and takes none for good", async () => {
  const { json } = makeBundle(INSTANCE, { entry: ENTRY });
  const [stamp] = json.verificationMaterial.timestampVerificationData.rfc3161Timestamps;
  const der = Buffer.from(stamp.signedTimestamp, "base64");
  const trust = trustInstance(INSTANCE);
  const survivors: number[] = [];
  for (let place = 0; place < der.length; place += 1) {
    const changed = Buffer.from(der);
    changed[place]! ^= 1 << (place % 8);
    stamp.signedTimestamp = changed.toString("base64");
    if ((await judgeBundle(json, trust)).verified) survivors.push(place);
  }
  // Versions and the like, which say nothing: outside of what is signed.
  assert.ok(survivors.length < 30, survivors.join());
  const { info, signature } = parseTimestamp(new Uint8Array(der));
  for (const part of [info, signature]) {
    const at = der.indexOf(Buffer.from(part));
    assert.ok(survivors.every((place) => place < at || place >= at + part.length));
  }
});

test("parseTimestamp() reads times with fractions of a second", () => {
  const stamped = Buffer.from(stampBy(INSTANCE, new Uint8Array()));
  assert.equal(parseTimestamp(stamped).time, SIGNED_AT);
  assert.equal(encodeBase64(parseTimestamp(stamped).imprint.digest).length, 44);
});
