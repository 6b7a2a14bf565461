import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { digestHex, digestOf } from "../../lib/reference/digest.ts";
import { buildSignStatement, SIGN_PREDICATE_TYPE } from "../../lib/signature/statement.ts";
import { checkBundle } from "../../lib/verify/check_bundle.ts";
import type { SignaturePolicy } from "../../lib/verify/signature_policy.ts";
import { createKey, jsonBytes, trust } from "../support/images.ts";
import { bundleOver } from "../support/write_signatures.ts";

const KEY = createKey();
const OTHER = createKey();
const IMAGE = digestOf(encodeText("image"));
const STATEMENT = buildSignStatement(IMAGE, { env: "prod" });

async function judge(untrusted: Uint8Array, policy: SignaturePolicy = trust([KEY])) {
  const result = await checkBundle(untrusted, IMAGE, policy);
  return { ...result, code: result?.reasons[0]?.code };
}

/** A statement of a signature about subjects. */
const about = (subject: readonly unknown[]): Uint8Array =>
  jsonBytes({
    _type: "https://in-toto.io/Statement/v1",
    subject,
    predicateType: SIGN_PREDICATE_TYPE,
    predicate: {},
  });

const subject = (annotations?: Readonly<Record<string, unknown>>) => ({
  digest: { sha256: digestHex(IMAGE) },
  ...annotations && { annotations },
});

const other = { digest: { sha256: "11".repeat(32) } };

test("checkBundle() accepts a good bundle, and says what it checked and by whom", async () => {
  const { format, verified, checks, signer, signed } = await judge(
    await bundleOver(KEY, STATEMENT),
    trust([OTHER, KEY]),
  );
  assert.deepEqual([format, verified, signer?.name], ["bundle", true, "key-1"]);
  assert.deepEqual(checks, ["signature", "predicate-type", "claims"]);
  assert.deepEqual(new Uint8Array(signed!), STATEMENT);
});

test("checkBundle() checks annotations where some are wanted", async () => {
  const bundle = await bundleOver(KEY, STATEMENT);
  const good = await judge(bundle, trust([KEY], { env: "prod" }));
  assert.deepEqual(good.checks, ["signature", "predicate-type", "claims", "annotations"]);
  const bad = await judge(bundle, trust([KEY], { env: "test" }));
  assert.deepEqual([bad.verified, bad.code], [false, "annotation-mismatch"]);
});

test("checkBundle() compares no annotations where no claims are asked for, and still the digest", async () => {
  const policy = { ...trust([KEY], { env: "test" }), checkClaims: false };
  const good = await judge(await bundleOver(KEY, STATEMENT), policy);
  assert.deepEqual([good.verified, good.checks], [true, ["signature", "predicate-type"]]);
  const copied = await judge(await bundleOver(KEY, about([other])), policy);
  assert.deepEqual([copied.verified, copied.code], [false, "claim-digest-mismatch"]);
});

test("checkBundle() refuses a bundle by no trusted key, and an altered one", async () => {
  const stranger = await judge(await bundleOver(OTHER, STATEMENT));
  assert.deepEqual([stranger.verified, stranger.code, stranger.checks], [
    false,
    "signature-mismatch",
    [],
  ]);
  const good = decodeText(await bundleOver(KEY, STATEMENT));
  const evil = decodeText(await bundleOver(OTHER, buildSignStatement(IMAGE, { env: "evil" })));
  const payload = /"payload":"[^"]*"/u;
  const swapped = encodeText(good.replace(payload, payload.exec(evil)![0]));
  assert.equal((await judge(swapped)).code, "signature-mismatch");
});

test("checkBundle() calls no attestation a signature, whoever made it", async () => {
  const statement = jsonBytes({
    _type: "https://in-toto.io/Statement/v0.1",
    subject: [subject()],
    predicateType: "https://cosign.sigstore.dev/attestation/v1",
    predicate: {},
  });
  for (const key of [KEY, OTHER]) {
    assert.equal(
      await checkBundle(await bundleOver(key, statement), IMAGE, trust([KEY])),
      undefined,
    );
  }
});

test("checkBundle() refuses a signature over another image", async () => {
  const digests: readonly unknown[] = [
    other,
    { digest: { sha512: digestHex(IMAGE) } },
    { digest: { sha256: digestHex(IMAGE).toUpperCase() } },
    { digest: { sha256: IMAGE } },
    { digest: { SHA256: digestHex(IMAGE) } },
    { digest: {} },
  ];
  for (const digest of digests) {
    const { verified, code } = await judge(await bundleOver(KEY, about([digest])));
    assert.deepEqual([verified, code], [false, "claim-digest-mismatch"], JSON.stringify(digest));
  }
  assert.equal((await judge(await bundleOver(KEY, about([])))).code, "claim-digest-mismatch");
});

test("checkBundle() finds the image among several subjects, with its own annotations", async () => {
  const bundle = await bundleOver(KEY, about([other, subject({ a: "1" }), other]));
  assert.ok((await judge(bundle)).verified);
  assert.ok((await judge(bundle, trust([KEY], { a: "1" }))).verified);
  const elsewhere = await bundleOver(
    KEY,
    about([{ ...other, annotations: { a: "1" } }, subject()]),
  );
  assert.equal((await judge(elsewhere, trust([KEY], { a: "1" }))).code, "annotation-mismatch");
  const twice = await bundleOver(KEY, about([subject({ a: "2" }), subject({ a: "1" })]));
  assert.ok((await judge(twice, trust([KEY], { a: "1" }))).verified);
});

test("checkBundle() refuses a payload of another type, and one that is no statement", async () => {
  const typed = await judge(await bundleOver(KEY, STATEMENT, "application/json"));
  assert.deepEqual([typed.verified, typed.code], [false, "claim-malformed"]);
  for (const payload of [encodeText("not JSON"), jsonBytes({}), about([null])]) {
    const { verified, code } = await judge(await bundleOver(KEY, payload));
    assert.deepEqual([verified, code], [false, "claim-malformed"]);
  }
});

test("checkBundle() refuses what is no bundle", async () => {
  for (const bytes of [encodeText("{"), jsonBytes({}), new Uint8Array()]) {
    const { verified, code, format } = await judge(bytes);
    assert.deepEqual([verified, code, format], [false, "signature-malformed", "bundle"]);
  }
});
