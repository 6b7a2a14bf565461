import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { createMemoryRegistry, type MemoryRegistry } from "../../lib/registry/memory.ts";
import type { ResolvedManifest } from "../../lib/registry/resolve_digest.ts";
import { attestDigest } from "../../lib/sign/attest_digest.ts";
import { buildAttestationStatement } from "../../lib/signature/attestation_statement.ts";
import { PREDICATE_TYPES } from "../../lib/signature/predicate_type.ts";
import type { SignatureFormat } from "../../lib/signature/signature_format.ts";
import type { SignaturePolicy } from "../../lib/verify/signature_policy.ts";
import type { Verdict } from "../../lib/verify/verdict.ts";
import { verifyAttestation } from "../../lib/verify/verify_attestation.ts";
import { verifyDigest } from "../../lib/verify/verify_digest.ts";
import { createSwitch, TROUBLES } from "../support/faults.ts";
import { APP, createKey, putImage, sign, trust } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { createTestClock } from "../support/test_clock.ts";
import { bundleOver, putBundle } from "../support/write_signatures.ts";

const KEY = createKey();
const STRANGER = createKey();
const { vuln: VULN, spdx: SPDX } = PREDICATE_TYPES;

const statementOf = (digest: ResolvedManifest["digest"], predicateType: string): Uint8Array =>
  buildAttestationStatement({
    name: "localhost:5000/team/app",
    digest,
    predicateType,
    predicate: { a: 1 },
  });

async function attest(
  registry: MemoryRegistry,
  image: ResolvedManifest,
  predicateType: string,
  { format = "bundle", key = KEY }: {
    readonly format?: SignatureFormat;
    readonly key?: PrivateKey;
  } = {},
): Promise<void> {
  const statement = statementOf(image.digest, predicateType);
  await attestDigest(openTestRemote(registry).remote, APP, image, { statement, predicateType }, {
    key,
    formats: [format],
    clock: createTestClock(),
    random: () => 0.5,
  });
}

async function judge(
  registry: MemoryRegistry,
  { digest }: ResolvedManifest,
  predicateType: string = VULN,
  policy: Partial<SignaturePolicy> = {},
): Promise<Verdict> {
  const options = { policy: { ...trust([KEY]), ...policy }, predicateType, exhaustive: true };
  return await verifyAttestation(openTestRemote(registry).remote, APP, digest, options);
}

const codes = ({ reasons }: Verdict): string[] => reasons.map(({ code }) => code);

for (const referrers of [true, false]) {
  for (const format of ["bundle", "legacy"] as const) {
    const where = `${format}, ${referrers ? "with" : "without"} the referrers API`;

    test(`CVE-2022-35929: the predicate type asked for must be attested (${where})`, async () => {
      const registry = createMemoryRegistry({ referrers });
      const image = putImage(registry, "1.0");
      await attest(registry, image, VULN, { format });
      const wrong = await judge(registry, image, SPDX);
      assert.deepEqual([wrong.kind, codes(wrong)], ["failed", ["predicate-type-mismatch"]]);
      const right = await judge(registry, image, VULN);
      assert.equal(right.kind, "verified");
      const [signature] = right.signatures;
      assert.deepEqual(signature!.checks, ["signature", "predicate-type", "claims"]);
      assert.equal(decodeText(signature!.signed!), decodeText(statementOf(image.digest, VULN)));
      assert.match(decodeText(signature!.envelope!), /^\{"payload":"[^"]+","payloadType":/u);
    });

    test(`verifyAttestation() finds ours beside a stranger's and other types (${where})`, async () => {
      const registry = createMemoryRegistry({ referrers });
      const image = putImage(registry, "1.0");
      for (const other of ["bundle", "legacy"] as const) {
        await attest(registry, image, VULN, { format: other, key: STRANGER });
        await attest(registry, image, SPDX, { format: other });
      }
      const without = await judge(registry, image);
      assert.equal(without.kind, "failed");
      assert.ok(codes(without).includes("signature-mismatch"));
      await attest(registry, image, VULN, { format });
      const { kind, signatures } = await judge(registry, image);
      assert.equal(kind, "verified");
      assert.deepEqual(
        signatures.filter(({ verified }) => verified).map((one) => one.format),
        [format],
      );
    });
  }
}

test("verifyAttestation() does not believe an annotation that names the type asked for", async () => {
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  putBundle(registry, image, await bundleOver(KEY, statementOf(image.digest, VULN)), {
    annotations: { "dev.sigstore.bundle.predicateType": SPDX },
  });
  assert.deepEqual(codes(await judge(registry, image, SPDX)), ["predicate-type-mismatch"]);
});

test("verifyAttestation() refuses what is attested of another image, unless told not to look", async () => {
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  const statement = statementOf(digestOf(encodeText("another")), VULN);
  putBundle(registry, image, await bundleOver(KEY, statement));
  const verdict = await judge(registry, image);
  assert.deepEqual([verdict.kind, codes(verdict)], ["failed", ["claim-digest-mismatch"]]);
  const bound = await judge(registry, image, VULN, { checkClaims: false });
  assert.deepEqual(codes(bound), ["claim-digest-mismatch"], "a bundle is about its image");
  await attestDigest(openTestRemote(registry).remote, APP, image, {
    statement,
    predicateType: VULN,
  }, { key: KEY, formats: ["legacy"], clock: createTestClock(), random: () => 0.5 });
  assert.equal((await judge(registry, image)).kind, "failed");
  const lax = await judge(registry, image, VULN, { checkClaims: false });
  assert.deepEqual([lax.kind, lax.signatures.at(-1)?.checks], [
    "verified",
    ["signature", "predicate-type"],
  ]);
});

test("verifyAttestation() refuses a bundle whose payload is signed as another type", async () => {
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  putBundle(registry, image, await bundleOver(KEY, statementOf(image.digest, VULN), VULN));
  assert.deepEqual(codes(await judge(registry, image)), ["claim-malformed"]);
});

test("a signature is no attestation, and an attestation is no signature", async () => {
  const registry = createMemoryRegistry();
  const signed = putImage(registry, "signed");
  const { remote } = openTestRemote(registry);
  await sign(remote, signed, { key: KEY, formats: ["bundle", "legacy"] });
  const none = await judge(registry, signed);
  assert.deepEqual([none.kind, codes(none)], ["unsigned", ["no-signature"]]);
  for (const format of ["bundle", "legacy"] as const) {
    const attested = putImage(registry, format);
    await attest(registry, attested, VULN, { format });
    const verdict = await verifyDigest(remote, APP, attested.digest, { policy: trust([KEY]) });
    assert.equal(verdict.kind, "unsigned");
  }
});

for (const trouble of ["429", "403", "503"] as const) {
  test(`verifyAttestation() calls it unknown where the registry answers ${trouble}`, async () => {
    const { fault, set } = createSwitch();
    const registry = createMemoryRegistry({ fault });
    const image = putImage(registry, "1.0");
    await attest(registry, image, VULN, { format: "legacy" });
    set(/\.att$/u, TROUBLES[trouble]);
    assert.equal((await judge(registry, image)).kind, "unknown");
  });
}
