/** Policies that ask for signatures by more than one key. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { buildAttestationStatement } from "../../lib/signature/attestation_statement.ts";
import { attachAttestation } from "../../lib/signature/attach_attestation.ts";
import { buildClaim } from "../../lib/signature/claim.ts";
import { buildEnvelope, preAuthEncoding } from "../../lib/signature/dsse.ts";
import { SIGNATURE_FORMATS, type SignatureFormat } from "../../lib/signature/signature_format.ts";
import { INTOTO_PAYLOAD_TYPE } from "../../lib/signature/statement.ts";
import { locateSignatures } from "../../lib/signature/store.ts";
import type { SignaturePolicy } from "../../lib/verify/signature_policy.ts";
import type { Verdict } from "../../lib/verify/verdict.ts";
import { verifyAttestation } from "../../lib/verify/verify_attestation.ts";
import { verifyDigest, type VerifyOptions } from "../../lib/verify/verify_digest.ts";
import { verifyRecursive } from "../../lib/verify/verify_recursive.ts";
import { createSwitch, TROUBLES } from "../support/faults.ts";
import { APP, createKey, putImage, sign, trust } from "../support/images.ts";
import { HOST, openTestRemote } from "../support/open_test_remote.ts";
import { putIndex } from "../support/signed_index.ts";
import { createTestClock } from "../support/test_clock.ts";
import { legacyLayer, putLegacy } from "../support/write_signatures.ts";

const [A, B, C] = [createKey(), createKey(), createKey()];
const KEYS = [A, B, C];

const require = (required: SignaturePolicy["required"], keys = KEYS): SignaturePolicy => ({
  ...trust(keys),
  required,
});

type Signing = readonly [key: PrivateKey, format: SignatureFormat];

async function signed(signings: readonly Signing[], referrers = true) {
  const { fault, set } = createSwitch();
  const registry = createMemoryRegistry({ referrers, fault });
  const image = putImage(registry, "1.0");
  const { remote } = openTestRemote(registry);
  for (const [key, format] of signings) await sign(remote, image, { key, formats: [format] });
  const verify = (policy: SignaturePolicy, options: Partial<VerifyOptions> = {}) =>
    verifyDigest(openTestRemote(registry).remote, APP, image.digest, { ...options, policy });
  return { registry, image, remote, verify, set };
}

const codes = ({ reasons }: Verdict): readonly string[] => reasons.map(({ code }) => code);

for (const referrers of [true, false]) {
  const how = `referrers API ${referrers ? "on" : "off"}`;

  test(`verifyDigest() goes on until enough keys are found, across both formats (${how})`, async () => {
    for (const [first, second] of [["legacy", "bundle"], ["bundle", "legacy"]] as const) {
      for (const other of [first, second]) {
        const { verify } = await signed([[A, first], [B, other]], referrers);
        for (const hint of SIGNATURE_FORMATS) {
          for (const exhaustive of [true, false]) {
            const verdict = await verify(require(2), { first: hint, exhaustive });
            assert.equal(verdict.kind, "verified", `${first}, ${other}, ${hint}`);
            const names = verdict.signatures.map(({ signer }) => signer?.name).sort();
            assert.deepEqual(names, ["key-0", "key-1"]);
          }
        }
        assert.equal((await verify(require("all", [A, B]))).kind, "verified");
        assert.equal((await verify(require(1))).kind, "verified");
      }
    }
  });

  test(`verifyDigest() fails where too few keys have signed, and says which lack (${how})`, async () => {
    const { verify } = await signed([[A, "bundle"], [A, "legacy"]], referrers);
    const two = await verify(require(2));
    assert.deepEqual([two.kind, codes(two)], ["failed", ["too-few-signers"]]);
    const [{ message, expected, found }] = two.reasons as [Verdict["reasons"][number]];
    assert.equal(message, "1 of 2 required keys have signed; missing: key-1, key-2");
    assert.deepEqual([expected, found], ["2 of key-0, key-1, key-2", "key-0"]);
    assert.equal((await verify(require("all"))).reasons[0]!.expected, "3 of key-0, key-1, key-2");
  });
}

test("verifyDigest() stops as soon as enough keys have signed", async () => {
  const { registry, image, verify } = await signed([]);
  const claim = buildClaim(`${HOST}/${APP.path}`, image.digest, {});
  const layers = await Promise.all([A, A, B, C].map((key) => legacyLayer(key, claim)));
  putLegacy(registry, image.digest, layers);
  assert.equal((await verify(require(1))).signatures.length, 1);
  assert.equal((await verify(require(2))).signatures.length, 3);
  assert.equal((await verify(require("all"))).signatures.length, 4);
});

test("verifyDigest() counts a key that is given twice once", async () => {
  const { verify } = await signed([[A, "bundle"]]);
  assert.equal((await verify(require("all", [A, A]))).kind, "verified");
  const two = await verify(require(2, [A, A]));
  assert.deepEqual([two.kind, codes(two)], ["failed", ["too-few-signers"]]);
});

test("verifyDigest() does not count a key whose signature does not satisfy, nor a stranger's", async () => {
  const { remote, image, verify } = await signed([[createKey(), "bundle"]]);
  await sign(remote, image, { key: A, annotations: { env: "prod" } });
  await sign(remote, image, { key: B, annotations: { env: "test" } });
  const verdict = await verify({ ...require("all", [A, B]), annotations: { env: "prod" } });
  assert.equal(verdict.kind, "failed");
  assert.equal(codes(verdict)[0], "too-few-signers");
  assert.deepEqual(codes(verdict).toSorted(), [
    "annotation-mismatch",
    "signature-mismatch",
    "too-few-signers",
  ]);
});

test("verifyDigest() takes no policy for one that nobody need satisfy", async () => {
  const { verify } = await signed([[createKey(), "bundle"]]);
  for (const required of [0, -1, NaN]) {
    assert.equal((await verify(require(required))).kind, "failed", String(required));
  }
  assert.equal((await verify(require("all", []))).kind, "failed");
  const { verify: verifySigned } = await signed([[A, "bundle"]]);
  for (const required of [1.5, NaN, Infinity]) {
    assert.equal((await verifySigned(require(required))).kind, "failed", String(required));
  }
});

test("verifyDigest() says unsigned where nobody has signed, whatever is required", async () => {
  const verdict = await (await signed([])).verify(require("all"));
  assert.deepEqual([verdict.kind, codes(verdict)], ["unsigned", ["no-signature"]]);
});

test("verifyDigest() cannot tell of too few signers where a signature could not be read", async () => {
  for (const [read, unread] of [["bundle", /\.sig$/u], ["legacy", /\/referrers\//u]] as const) {
    const { verify, set } = await signed([[A, "bundle"], [B, "legacy"]]);
    set(unread, TROUBLES["503"]);
    const verdict = await verify(require(2));
    assert.equal(verdict.kind, "unknown");
    assert.deepEqual(codes(verdict), ["registry-unavailable", "too-few-signers"]);
    assert.equal(verdict.signatures[0]!.format, read);
    assert.equal((await verify(require(1))).kind, "verified", "one is enough, and was read");
  }
});

test("verifyRecursive() asks of each image in an index that enough keys have signed it", async () => {
  const registry = createMemoryRegistry();
  const child = putImage(registry, "child");
  const index = putIndex(registry, "index", { amd64: child });
  const { remote } = openTestRemote(registry);
  for (const key of [A, B]) {
    await sign(remote, index, { key });
  }
  await sign(remote, child, { key: A });
  const judge = () =>
    verifyRecursive(remote, { repository: APP, digest: index.digest }, { policy: require(2) }, {
      children: "images",
    });
  const { kind, reasons } = await judge();
  assert.deepEqual([kind, reasons.map(({ code }) => code)], ["failed", ["child-not-verified"]]);
  assert.match(reasons[0]!.message, /linux\/amd64.* is failed: 1 of 2 .*missing: key-1, key-2/u);
  await sign(remote, child, { key: B, formats: ["legacy"] });
  assert.equal((await judge()).kind, "verified");
});

test("verifyAttestation() counts every key that signed one envelope", async () => {
  const { registry, image, remote } = await signed([]);
  const predicateType = "https://example.com/x";
  const payload = buildAttestationStatement({
    name: "x",
    digest: image.digest,
    predicateType,
    predicate: {},
  });
  const message = preAuthEncoding(INTOTO_PAYLOAD_TYPE, payload);
  const signatures = await Promise.all([A, createKey(), B, A].map((key) => key.sign(message)));
  const envelope = buildEnvelope({ payloadType: INTOTO_PAYLOAD_TYPE, payload, signatures });
  await attachAttestation(remote, locateSignatures(APP, image.digest, {}), {
    makeEnvelope: () => Promise.resolve({ envelope }),
    predicateType,
    isOurs: () => Promise.resolve(false),
    clock: createTestClock(),
    random: () => 0.5,
  });
  const verify = (policy: SignaturePolicy) =>
    verifyAttestation(openTestRemote(registry).remote, APP, image.digest, {
      policy,
      predicateType,
    });
  const { kind, signatures: [result] } = await verify(require(2));
  assert.equal(kind, "verified");
  assert.deepEqual([result!.signer!.name, result!.alsoBy!.map(({ name }) => name)], ["key-0", [
    "key-1",
  ]]);
  const three = await verify(require(3));
  assert.deepEqual([three.kind, codes(three)], ["failed", ["too-few-signers"]]);
});
