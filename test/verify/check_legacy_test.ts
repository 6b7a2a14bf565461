import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { buildClaim } from "../../lib/signature/claim.ts";
import { checkLegacySignature } from "../../lib/verify/check_legacy.ts";
import { createKey, jsonBytes, trust } from "../support/images.ts";

const KEY = createKey();
const OTHER = createKey();
const IMAGE = digestOf(encodeText("image"));
const PAYLOAD = buildClaim("r/x", IMAGE, { env: "prod" });

/** Judge a signature over a payload, with what is to be different. */
async function judge({
  payload = PAYLOAD,
  served = payload,
  signature,
  hasCertificate = false,
  policy = trust([KEY]),
}: {
  payload?: Uint8Array;
  served?: Uint8Array;
  signature?: string;
  hasCertificate?: boolean;
  policy?: ReturnType<typeof trust>;
} = {}) {
  const descriptor = { mediaType: "x", size: payload.length, digest: digestOf(payload) };
  const text = signature ?? encodeBase64(await KEY.sign(payload));
  const legacy = { payload: descriptor, signature: text, hasCertificate };
  const result = await checkLegacySignature(legacy, served, IMAGE, policy);
  return { ...result, code: result.reasons[0]?.code };
}

test("checkLegacySignature() accepts a good signature, and says what it checked and by whom", async () => {
  const { verified, checks, signer, signed, reasons } = await judge();
  assert.ok(verified);
  assert.deepEqual(checks, ["signature", "claims"]);
  assert.deepEqual(signer, {
    kind: "key",
    name: "key-0",
    fingerprint: KEY.publicKey.fingerprint,
  });
  assert.deepEqual([signed, reasons], [PAYLOAD, []]);
});

test("checkLegacySignature() finds which of several keys made it", async () => {
  const { signer } = await judge({ policy: trust([OTHER, KEY]) });
  assert.equal(signer?.name, "key-1");
});

test("checkLegacySignature() reads nothing of what is signed where no claims are asked for", async () => {
  const policy = { ...trust([KEY], { env: "test" }), checkClaims: false };
  for (const payload of [buildClaim("r/x", digestOf(encodeText("another")), {}), encodeText("x")]) {
    const { verified, checks, signed } = await judge({ payload, policy });
    assert.deepEqual([verified, checks, signed], [true, ["signature"], payload]);
  }
  const stranger = { ...trust([OTHER]), checkClaims: false };
  assert.equal((await judge({ policy: stranger })).code, "signature-mismatch");
});

test("checkLegacySignature() checks annotations where some are wanted", async () => {
  const good = await judge({ policy: trust([KEY], { env: "prod" }) });
  assert.deepEqual(good.checks, ["signature", "claims", "annotations"]);
  const bad = await judge({ policy: trust([KEY], { env: "test" }) });
  assert.deepEqual([bad.verified, bad.code, bad.signer?.name], [
    false,
    "annotation-mismatch",
    "key-0",
  ]);
  assert.deepEqual(bad.checks, ["signature", "claims"], "no check that did not pass is listed");
});

test("checkLegacySignature() refuses a signature by no trusted key", async () => {
  for (const policy of [trust([OTHER]), trust([])]) {
    const { verified, code, checks, signer } = await judge({ policy });
    assert.deepEqual([verified, code, checks, signer], [
      false,
      "signature-mismatch",
      [],
      undefined,
    ]);
  }
});

test("checkLegacySignature() refuses a payload that is not the one signed", async () => {
  const served = buildClaim("r/x", IMAGE, { env: "evil" });
  assert.equal((await judge({ served })).code, "signature-mismatch");
});

test("checkLegacySignature() refuses a signature that is no base64, or none", async () => {
  for (const signature of ["", "!", "a"]) {
    const { verified, code } = await judge({ signature });
    assert.deepEqual([verified, code], [false, "signature-malformed"], signature);
  }
  for (const signature of ["AAAA", "AQID", encodeBase64(new Uint8Array(64))]) {
    assert.equal((await judge({ signature })).code, "signature-mismatch", signature);
  }
});

test("checkLegacySignature() says where a certificate is in the place of a key", async () => {
  const { code } = await judge({ policy: trust([OTHER]), hasCertificate: true });
  assert.equal(code, "certificate-instead-of-key");
  assert.ok((await judge({ hasCertificate: true })).verified, "the key alone decides");
});

test("checkLegacySignature() refuses a good signature over another image", async () => {
  const result = await judge({ payload: buildClaim("r/x", digestOf(encodeText("other")), {}) });
  assert.deepEqual([result.verified, result.code], [false, "claim-digest-mismatch"]);
  assert.deepEqual(result.checks, ["signature"]);
  assert.equal(result.reasons[0]?.expected, IMAGE);
  assert.equal(result.reasons[0]?.found, digestOf(encodeText("other")));
});

test("checkLegacySignature() refuses a good signature over what is no claim", async () => {
  for (const payload of [encodeText("not JSON"), jsonBytes({}), jsonBytes({ critical: {} })]) {
    const { verified, code } = await judge({ payload });
    assert.deepEqual([verified, code], [false, "claim-malformed"]);
  }
});

test("checkLegacySignature() takes an upper-case digest for another", async () => {
  const payload = jsonBytes({
    critical: {
      identity: { "docker-reference": "" },
      image: { "docker-manifest-digest": IMAGE.toUpperCase() },
    },
  });
  assert.equal((await judge({ payload })).code, "claim-digest-mismatch");
});
