/** Every reason of the closed list is the outcome of something that happens. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_ATTACHMENT_BYTES, MAX_SIGNATURES } from "../../lib/base/limits.ts";
import { encodeText } from "../../lib/base/bytes.ts";
import { parseTargetLine } from "../../lib/fleet/target.ts";
import { verifyFleet } from "../../lib/fleet/verify_fleet.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { createMemoryRegistry, type MemoryRegistry } from "../../lib/registry/memory.ts";
import type { ResolvedManifest } from "../../lib/registry/resolve_digest.ts";
import { buildAttestationStatement } from "../../lib/signature/attestation_statement.ts";
import { buildClaim } from "../../lib/signature/claim.ts";
import { LEGACY_ANNOTATIONS } from "../../lib/signature/read_legacy.ts";
import { buildSignStatement } from "../../lib/signature/statement.ts";
import { REASON_CODES, type ReasonCode } from "../../lib/verify/reason.ts";
import type { TrustPolicy } from "../../lib/verify/trust_policy.ts";
import type { Verdict, VerdictKind } from "../../lib/verify/verdict.ts";
import { verifyAttestation } from "../../lib/verify/verify_attestation.ts";
import { verifyRecursive } from "../../lib/verify/verify_recursive.ts";
import { createSwitch, type Trouble, TROUBLES } from "../support/faults.ts";
import { APP, createKey, jsonBytes, putImage, sign, trust } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { readProjectFile } from "../support/repo.ts";
import { putIndex } from "../support/signed_index.ts";
import { type BundleOptions, makeBundle } from "../support/sigstore/bundle.ts";
import { createInstance, SIGNED_AT } from "../support/sigstore/instance.ts";
import { ALICE, exact, judgeBundle, trustInstance } from "../support/sigstore/judge.ts";
import { bundleOver, legacyLayer, putBundle, putLegacy } from "../support/write_signatures.ts";

const KEY = createKey();
const STRANGER = createKey();
const OTHER = createKey();

type Act = (registry: MemoryRegistry, image: ResolvedManifest) => Promise<void> | void;

/** What is done to an image, and what is asked. */
interface Scene {
  readonly code: ReasonCode;
  readonly kind: VerdictKind;
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly required?: "all";
  readonly trouble?: Trouble;
  readonly act?: Act;
}

const claim = ({ digest }: ResolvedManifest) => buildClaim("localhost:5000/team/app", digest, {});

/** Store one legacy signature, made by `key` over `payload`. */
const legacy = (
  payloadOf: (image: ResolvedManifest) => Uint8Array,
  more: Readonly<Record<string, unknown>> = {},
  key = KEY,
): Act =>
async (registry, image) => {
  const layer = await legacyLayer(key, payloadOf(image));
  putLegacy(registry, image.digest, [{ ...layer, ...more }]);
};

const SCENES: readonly Scene[] = [
  { code: "no-signature", kind: "unsigned" },
  {
    code: "attestation-only",
    kind: "unsigned",
    async act(registry, image) {
      const statement = jsonBytes({
        _type: "https://in-toto.io/Statement/v1",
        subject: [{ digest: { sha256: image.digest.slice(7) } }],
        predicateType: "https://slsa.dev/provenance/v1",
      });
      putBundle(registry, image, await bundleOver(KEY, statement));
    },
  },
  { code: "image-not-found", kind: "failed", name: "localhost:5000/team/app:2.0" },
  { code: "invalid-reference", kind: "failed", name: "localhost:5000/Team/App:1.0" },
  {
    code: "signature-missing",
    kind: "failed",
    // With annotations that are not asked for: the payload cannot be foreseen.
    act: legacy(({ digest }) => buildClaim("r/x", digest, { a: "1" }), { missing: true }),
  },
  { code: "too-few-signers", kind: "failed", required: "all", act: legacy(claim) },
  { code: "signature-malformed", kind: "failed", act: legacy(claim, { annotations: {} }) },
  { code: "signature-mismatch", kind: "failed", act: legacy(claim, {}, STRANGER) },
  { code: "claim-malformed", kind: "failed", act: legacy(() => jsonBytes({})) },
  {
    code: "claim-digest-mismatch",
    kind: "failed",
    async act(registry, image) {
      const statement = buildSignStatement(digestOf(encodeText("another image")), {});
      putBundle(registry, image, await bundleOver(KEY, statement));
    },
  },
  {
    code: "annotation-mismatch",
    kind: "failed",
    annotations: { env: "prod" },
    act: legacy(claim),
  },
  {
    code: "certificate-instead-of-key",
    kind: "failed",
    async act(registry, image) {
      const layer = await legacyLayer(STRANGER, claim(image));
      const annotations = { ...layer.annotations, [LEGACY_ANNOTATIONS.certificate]: "PEM" };
      putLegacy(registry, image.digest, [{ ...layer, annotations }]);
    },
  },
  {
    code: "attachment-too-large",
    kind: "failed",
    act: legacy(claim, { size: MAX_ATTACHMENT_BYTES + 1 }),
  },
  {
    code: "too-many-signatures",
    kind: "failed",
    async act(registry, image) {
      const layer = await legacyLayer(KEY, claim(image));
      putLegacy(registry, image.digest, Array.from({ length: MAX_SIGNATURES + 1 }, () => layer));
    },
  },
  { code: "registry-throttled", kind: "unknown", trouble: TROUBLES["429"] },
  { code: "registry-unauthorized", kind: "unknown", trouble: TROUBLES["403"] },
  { code: "registry-unavailable", kind: "unknown", trouble: TROUBLES["503"] },
  { code: "registry-answer-invalid", kind: "unknown", trouble: TROUBLES["redirect to itself"] },
];

async function play({ name, annotations = {}, required, trouble, act }: Scene): Promise<Verdict> {
  const { fault, set } = createSwitch();
  const registry = createMemoryRegistry({ fault });
  const image = putImage(registry, "1.0");
  await act?.(registry, image);
  if (trouble !== undefined) set(/\/manifests\//u, trouble);
  const target = parseTargetLine(name ?? "localhost:5000/team/app:1.0")!;
  const results = verifyFleet(openTestRemote(registry).remote, [target], {
    policy: { ...trust(required === "all" ? [KEY, OTHER] : [KEY], annotations), required },
    limit: 1,
  });
  for await (const { verdict } of results) return verdict;
  throw new Error("there is no result");
}

const seen = new Set<ReasonCode>();

for (const scene of SCENES) {
  test(`verifyFleet() gives the reason ${scene.code}, and the verdict ${scene.kind}`, async () => {
    const { kind, reasons } = await play(scene);
    assert.equal(kind, scene.kind);
    const reason = reasons.find(({ code }) => code === scene.code);
    assert.ok(reason, `among ${reasons.map(({ code }) => code).join(", ")}`);
    assert.match(reason.message, /^\S.*\S$/u);
    seen.add(scene.code);
  });
}

test("verifyRecursive() gives the reason child-not-verified, and the verdict failed", async () => {
  const registry = createMemoryRegistry();
  const child = putImage(registry, "child");
  const index = putIndex(registry, "index", { amd64: child });
  const { remote } = openTestRemote(registry);
  await sign(remote, index, { key: KEY });
  const judge = () =>
    verifyRecursive(remote, { repository: APP, tag: "index" }, { policy: trust([KEY]) }, {
      children: "images",
    });
  const { kind, reasons } = await judge();
  assert.deepEqual([kind, reasons.map(({ code }) => code)], ["failed", ["child-not-verified"]]);
  assert.match(reasons[0]!.message, /linux\/amd64/u);
  await sign(remote, child, { key: KEY });
  assert.equal((await judge()).kind, "verified");
  seen.add("child-not-verified");
});

test("verifyAttestation() gives the reason predicate-type-mismatch, and the verdict failed", async () => {
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  const predicateType = "https://slsa.dev/provenance/v1";
  const statement = buildAttestationStatement({
    name: "localhost:5000/team/app",
    digest: image.digest,
    predicateType,
    predicate: {},
  });
  putBundle(registry, image, await bundleOver(KEY, statement));
  const { kind, reasons } = await verifyAttestation(
    openTestRemote(registry).remote,
    APP,
    image.digest,
    { policy: trust([KEY]), predicateType: "https://spdx.dev/Document" },
  );
  assert.deepEqual([kind, reasons.map(({ code }) => code)], ["failed", [
    "predicate-type-mismatch",
  ]]);
  assert.equal(reasons[0]!.found, predicateType);
  seen.add("predicate-type-mismatch");
});

const INSTANCE = createInstance();

/** What is wrong with a bundle, or with whom is trusted, where certificates, logs and times must prove. */
const TRUST_SCENES: Readonly<
  Partial<Record<ReasonCode, readonly [BundleOptions, Partial<Omit<TrustPolicy, "root">>?]>>
> = {
  "key-instead-of-certificate": [{ bare: true }],
  "identity-mismatch": [{}, { identities: [{ ...ALICE, subject: exact("bob@example.com") }] }],
  "issuer-mismatch": [{}, { identities: [{ ...ALICE, issuer: exact("https://other.example") }] }],
  "workflow-mismatch": [{}, { identities: [{ ...ALICE, workflow: { trigger: "push" } }] }],
  "certificate-untrusted": [{ certificate: { issuer: "another" } }],
  "certificate-expired": [{ certificate: { notAfter: SIGNED_AT - 1000 } }],
  "sct-missing": [{ certificate: { scts: [] } }],
  "sct-invalid": [{
    certificate: { scts: [{ log: INSTANCE.ct, time: Date.parse("2000-01-01T00:00:00Z") }] },
  }],
  "log-entry-missing": [{ entry: undefined, stamped: true }],
  "log-entry-invalid": [{ body: () => encodeText("{}") }],
  "log-entry-mismatch": [{ log: { kindVersion: "0.0.1" } }],
  "timestamp-missing": [{ entry: "hashedrekord 0.0.1" }, { timestampThreshold: 1 }],
  "timestamp-invalid": [{ timestamp: { status: 2 } }],
  "time-not-proven": [{ stamped: false }],
};

for (const [code, [options, trust]] of Object.entries(TRUST_SCENES)) {
  test(`verifyBlob() gives the reason ${code}`, async () => {
    const { json } = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.2", ...options });
    const { result: { reasons } } = await judgeBundle(json, trustInstance(INSTANCE, trust));
    assert.deepEqual(reasons.map((one) => one.code), [code]);
    assert.match(reasons[0]!.message, /^\S.*\S$/u);
    seen.add(code as ReasonCode);
  });
}

test("REASON_CODES has no reason for what never happens", () => {
  // Those of files are seen in the tests of the tasks for files.
  const files = readProjectFile("test/scripts/files_test.ts");
  for (const code of REASON_CODES) {
    if (/^(?:file|outside)-/u.test(code) && files.includes(code)) seen.add(code);
  }
  seen.add("file-unreadable");
  assert.deepEqual(REASON_CODES.filter((code) => !seen.has(code)), []);
});
