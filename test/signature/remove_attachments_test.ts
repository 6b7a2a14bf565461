/** What is planned to be removed, and removing it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import { listReferrers } from "../../lib/registry/list_referrers.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry, type MemoryRegistryOptions } from "../../lib/registry/memory.ts";
import { SIGNATURE_FORMATS } from "../../lib/signature/signature_format.ts";
import { buildClaim } from "../../lib/signature/claim.ts";
import { planRemovals } from "../../lib/signature/plan_removals.ts";
import { REMOVAL_TYPES, type RemovalChoice } from "../../lib/signature/removal.ts";
import { nameRemovals, removeAttachments } from "../../lib/signature/remove_attachments.ts";
import { buildSignStatement } from "../../lib/signature/statement.ts";
import { verifyAttestation } from "../../lib/verify/verify_attestation.ts";
import { verifyDigest } from "../../lib/verify/verify_digest.ts";
import { PREDICATE_TYPES } from "../../lib/signature/predicate_type.ts";
import { attest, putSbom, refer } from "../support/attachments.ts";
import { TROUBLES } from "../support/faults.ts";
import { APP, createKey, jsonBytes, putImage, sign, trust } from "../support/images.ts";
import { ABSENT_DIGEST } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import {
  countWrites,
  fallbackIndex,
  legacyManifest,
  referrersOf,
} from "../support/stored_signatures.ts";
import { createTestClock, START } from "../support/test_clock.ts";
import { bundleOver, legacyLayer, putBundle, putLegacy } from "../support/write_signatures.ts";

const [KEY, OTHER] = [createKey(), createKey()];
const BOTH = { formats: SIGNATURE_FORMATS };

/** An image in a registry, and what is done with it. */
function setUp(options: MemoryRegistryOptions = {}) {
  const registry = createMemoryRegistry(options);
  const image = putImage(registry, "1.0");
  const { digest } = image;
  const { remote } = openTestRemote(registry);
  const place = { remote, repository: APP };
  const plan = (choice: Partial<RemovalChoice> = {}) =>
    planRemovals(place, digest, { type: "all", ...choice });
  /** Remove, and give what is gone and what is not. */
  const clean = async (choice: Partial<RemovalChoice> = {}) => {
    const planned = await plan(choice);
    const removed: string[] = [];
    const failed: Error[] = [];
    const effects = { clock: createTestClock(), random: () => 0.5 };
    for await (const { name, error } of removeAttachments(place, planned, effects)) {
      if (error === undefined) removed.push(name);
      else failed.push(error);
    }
    const whys = planned.kept.map(({ why }) => why);
    return { removed, failed, whys, named: nameRemovals(APP, planned) };
  };
  const verifies = async (key: PrivateKey) => {
    const options = { policy: trust([key]), exhaustive: true };
    return (await verifyDigest(openTestRemote(registry).remote, APP, digest, options)).kind;
  };
  const verifiesAttestation = async (key: PrivateKey) => {
    const options = { policy: trust([key]), predicateType: PREDICATE_TYPES.spdx };
    return (await verifyAttestation(openTestRemote(registry).remote, APP, digest, options)).kind;
  };
  const tag = (kind: "sig" | "att" | "sbom") => attachmentTag(digest, kind);
  return { registry, image, digest, remote, plan, clean, verifies, verifiesAttestation, tag };
}

for (const referrers of [true, false]) {
  const where = referrers ? "the referrers API" : "the fallback tag";

  test(`removeAttachments() removes everything, and signing works again, with ${where}`, async () => {
    const { registry, image, remote, clean, verifies } = setUp({ referrers });
    await sign(remote, image, { key: KEY, ...BOTH });
    await attest(remote, image, { key: KEY, ...BOTH });
    putSbom(registry, image.digest, "packages");
    const { removed, failed, named, whys } = await clean();
    assert.deepEqual([removed.length, failed, whys], [5, [], []]);
    assert.deepEqual(named, removed);
    assert.deepEqual(registry.tags(APP.path), ["1.0"]);
    assert.deepEqual(await referrersOf(registry, image.digest), []);
    assert.equal(await verifies(KEY), "unsigned");
    assert.deepEqual((await clean()).removed, []);
    await sign(openTestRemote(registry).remote, image, { key: KEY, ...BOTH });
    assert.equal(await verifies(KEY), "verified");
  });

  test(`planRemovals() takes what its type names and no more, with ${where}`, async () => {
    const taken: Record<string, readonly number[]> = {};
    for (const type of REMOVAL_TYPES) {
      const { registry, image, remote, clean, tag } = setUp({ referrers });
      await sign(remote, image, { key: KEY, ...BOTH });
      await attest(remote, image, { key: KEY, ...BOTH });
      putSbom(registry, image.digest, "packages");
      await refer(registry, remote, image, { artifactType: "application/spdx+json" });
      const sbomType = "application/vnd.dev.cosign.artifact.sbom.v1+json";
      await refer(registry, remote, image, { artifactType: sbomType });
      await clean({ type });
      const left = (await referrersOf(registry, image.digest)).map(({ artifactType = "" }) =>
        artifactType
      );
      const tags = registry.tags(APP.path);
      taken[type] = [
        ...(["sig", "att", "sbom"] as const).map((kind) => tags.includes(tag(kind)) ? 0 : 1),
        2 - left.filter((one) => one.includes("bundle")).length,
        left.includes(sbomType) ? 0 : 1,
      ];
      assert.ok(left.includes("application/spdx+json"), "it is none of cosign's, and stays listed");
    }
    assert.deepEqual(taken, {
      all: [1, 1, 1, 2, 1],
      signature: [1, 0, 0, 1, 0],
      attestation: [0, 1, 0, 1, 0],
      referrer: [0, 0, 0, 2, 1],
      sbom: [0, 0, 1, 0, 1],
    });
  });

  test(`planRemovals() takes by key only what that key has made, with ${where}`, async () => {
    const { registry, image, digest, remote, clean, verifies, verifiesAttestation } = setUp({
      referrers,
    });
    for (const key of [KEY, OTHER]) {
      await sign(remote, image, { key, ...BOTH });
      await attest(remote, image, { key, ...BOTH });
    }
    putSbom(registry, digest, "packages");
    const { removed, failed, whys } = await clean({ key: OTHER.publicKey });
    assert.deepEqual([removed.length, failed, whys], [4, [], []]);
    for (const verify of [verifies, verifiesAttestation]) {
      assert.equal(await verify(KEY), "verified");
      assert.equal(await verify(OTHER), "failed");
    }
    assert.equal(legacyManifest(registry, digest)!.layers.length, 1);
    assert.equal((await referrersOf(registry, digest)).length, 2);
    assert.ok(registry.tags(APP.path).includes(attachmentTag(digest, "sbom")));
    // What is left is whole: another signer appends to it.
    await sign(openTestRemote(registry).remote, image, { key: OTHER, ...BOTH });
    for (const key of [KEY, OTHER]) assert.equal(await verifies(key), "verified");
  });
}

test("planRemovals() knows a bundle whose manifest does not say of what it is", async () => {
  const { registry, image, digest, clean } = setUp();
  const bundle = await bundleOver(KEY, buildSignStatement(digest, {}));
  const listed = putBundle(registry, image, bundle);
  assert.deepEqual((await clean({ type: "attestation" })).removed, []);
  const { removed } = await clean({ type: "signature" });
  assert.equal(removed.length, 1);
  assert.ok(removed[0]!.endsWith(listed));
});

test("planRemovals() takes legacy signatures kept as a referrer, if all are by the key", async () => {
  const { registry, image, remote, clean, digest } = setUp();
  const annotation = async (key: PrivateKey) =>
    (await legacyLayer(key, encodeText("packages"))).annotations;
  const layer = { mediaType: "a", size: 8, digest: digestOf(encodeText("packages")) };
  const [ours, theirs] = [await annotation(KEY), await annotation(OTHER)].map((annotations) => ({
    ...layer,
    annotations,
  }));
  const artifactType = "application/vnd.dev.cosign.artifact.sig.v1+json";
  for (const layers of [[ours], [theirs], [ours, theirs]]) {
    await refer(registry, remote, image, { artifactType, layers });
  }
  const { removed, whys } = await clean({ type: "signature", key: KEY.publicKey });
  assert.equal(removed.length, 1);
  assert.deepEqual(whys, ["it also holds signatures that this key has not made"]);
  assert.equal((await clean({ type: "signature" })).removed.length, 2);
  assert.deepEqual(await referrersOf(registry, digest), []);
});

test("planRemovals() keeps what cannot be read, and says so, where it matters", async () => {
  const { registry, image, clean, tag, digest } = setUp();
  putBundle(registry, image, jsonBytes({ mediaType: "nonsense" }));
  const payload = buildClaim("app", digest, {});
  putLegacy(registry, digest, [{ ...await legacyLayer(KEY, payload), missing: true }]);
  for (
    const choice of [{ key: KEY.publicKey }, { type: "signature", key: KEY.publicKey }] as const
  ) {
    const { removed, whys } = await clean(choice);
    assert.deepEqual(removed, []);
    assert.equal(whys.length, 2);
    assert.match(whys.join("\n"), /does not exist\n.*Cannot read bundle/su);
  }
  // Without a filter it does not matter what it is.
  registry.setTag(APP.path, tag("att"), registry.manifest(APP.path, "1.0")!.digest);
  assert.equal((await clean()).removed.length, 3);
  assert.deepEqual(registry.tags(APP.path), ["1.0"], "the image that a tag named is still there");
});

test("planRemovals() takes by age what says when it was made, and says what does not", async () => {
  const { registry, image, digest, remote, clean } = setUp({ referrers: false });
  await sign(remote, image, { key: KEY, ...BOTH });
  const clock = createTestClock();
  clock.pass(60_000);
  await attest(remote, image, { key: KEY, clock });
  assert.deepEqual((await clean({ before: START })).removed, []);
  const { removed, whys } = await clean({ before: START + 1 });
  assert.equal(removed.length, 1);
  assert.deepEqual(whys, ["it does not say when it was made"]);
  const [attestation] = await referrersOf(registry, digest);
  assert.match(attestation!.annotations!["dev.sigstore.bundle.predicateType"]!, /spdx/u);
});

test("removeAttachments() takes old layers by the config, and keeps what it says of the others", async () => {
  const { registry, digest, clean, tag } = setUp();
  const layers = [];
  for (const name of ["a", "b", "c"]) {
    layers.push(await legacyLayer(KEY, buildClaim(name, digest, {})));
  }
  putLegacy(registry, digest, layers);
  const document = legacyManifest(registry, digest)!;
  const times = ["2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "0001-01-01T00:00:00Z"];
  const config = jsonBytes({
    note: "as it stands",
    history: times.map((created) => ({ created })),
    rootfs: { type: "layers", diff_ids: document.layers.map((layer) => layer.digest) },
  });
  const stored = {
    mediaType: MEDIA_TYPES.ociConfig,
    size: config.length,
    digest: registry.putBlob(APP.path, config),
  };
  const bytes = jsonBytes({ ...document, config: stored });
  registry.putManifest(APP.path, bytes, MEDIA_TYPES.ociManifest, tag("sig"));
  const { removed, whys } = await clean({ before: Date.UTC(2026, 1, 1) });
  assert.deepEqual([removed.length, whys.length], [1, 1]);
  assert.match(removed[0]!, /^layer sha256:[0-9a-f]{64} of .*\.sig$/u);
  assert.deepEqual(legacyManifest(registry, digest)!.layers, document.layers.slice(1));
  assert.equal((await clean({ before: Date.UTC(2026, 3, 1) })).removed.length, 1);
  const left = legacyManifest(registry, digest)!;
  assert.deepEqual(left.layers, document.layers.slice(2));
  assert.deepEqual((await clean({ before: START })).removed, []);
  assert.notDeepEqual(left.config, stored);
});

test("planRemovals() leaves alone what only a list says to belong to the image", async () => {
  const { registry, image, digest, clean } = setUp({ referrers: false });
  const other = putImage(registry, "2.0");
  const { remote } = openTestRemote(registry);
  await sign(remote, other, { key: KEY });
  // The signature of another image, and that image, listed as this one's referrers.
  const list = fallbackIndex(registry, other.digest)!;
  const index = jsonBytes({ ...list, manifests: [...list.manifests, other] });
  registry.putManifest(APP.path, index, MEDIA_TYPES.ociIndex, referrersTag(digest));
  const { removed, whys } = await clean();
  assert.deepEqual([removed, whys], [[], [`it says that it belongs to ${other.digest}`]]);
  const verdict = await verifyDigest(remote, APP, other.digest, { policy: trust([KEY]) });
  assert.equal(verdict.kind, "verified");
  assert.ok(registry.manifest(APP.path, image.digest));
});

test("planRemovals() takes with an attestation what belongs to it, and first", async () => {
  const { registry, image, remote, clean, digest } = setUp();
  await attest(remote, image, { key: KEY });
  const { descriptors: [referrer] } = await listReferrers(remote, APP, digest);
  await sign(remote, referrer!, { key: KEY, ...BOTH });
  const { removed } = await clean({ type: "attestation" });
  assert.equal(removed.length, 3);
  assert.ok(removed[2]!.endsWith(referrer!.digest));
  assert.deepEqual(registry.tags(APP.path), ["1.0"]);
  assert.deepEqual(await referrersOf(registry, referrer!.digest), []);
});

test("removeAttachments() takes entries out that name nothing, so that others can be listed", async () => {
  const { registry, image, remote, clean, digest, verifies } = setUp({ referrers: false });
  await sign(remote, image, { key: KEY });
  // What a tool leaves that deletes a referrer and forgets the list.
  const entry = { mediaType: MEDIA_TYPES.ociManifest, size: 1, digest: ABSENT_DIGEST };
  const list = fallbackIndex(registry, digest)!;
  const index = jsonBytes({ ...list, manifests: [entry, ...list.manifests] });
  registry.putManifest(APP.path, index, MEDIA_TYPES.ociIndex, referrersTag(digest));
  await assert.rejects(sign(remote, image, { key: OTHER }), { registryCode: "MANIFEST_UNKNOWN" });
  const { removed } = await clean({ type: "attestation" });
  assert.deepEqual(removed, [`localhost:5000/team/app@${ABSENT_DIGEST} (listed only)`]);
  await sign(remote, image, { key: OTHER });
  for (const key of [KEY, OTHER]) assert.equal(await verifies(key), "verified");
});

for (const referrers of [true, false]) {
  const where = referrers ? "the referrers API" : "the fallback tag";
  test(`removeAttachments() changes nothing where the registry does not delete, with ${where}`, async () => {
    const { image, remote, clean, verifies } = setUp({ referrers, manifestDelete: false });
    await sign(remote, image, { key: KEY, ...BOTH });
    const { removed, failed } = await clean();
    assert.deepEqual([removed, failed.length], [[], 2]);
    for (const error of failed) {
      assert.match(error.message, /the registry does not let its clients delete/u);
    }
    assert.equal(await verifies(KEY), "verified");
  });
}

test("removeAttachments() takes away one of several layers even where nothing can be deleted", async () => {
  const { image, remote, clean, verifies } = setUp({ manifestDelete: false });
  for (const key of [KEY, OTHER]) await sign(remote, image, { key, formats: ["legacy"] });
  assert.equal((await clean({ key: OTHER.publicKey })).removed.length, 1);
  assert.equal(await verifies(KEY), "verified");
  assert.equal(await verifies(OTHER), "failed");
});

test("removeAttachments() keeps a signature that another adds meanwhile", async () => {
  let acted = false;
  const { registry, image, digest, remote, clean, verifies, tag } = setUp({
    referrers: false,
    async fault({ method, url }) {
      const isHead = method === "HEAD" &&
        [tag("sig"), referrersTag(digest)].some((one) => String(url).endsWith(one));
      if (acted || !armed || !isHead) return undefined;
      acted = true;
      await sign(openTestRemote(registry).remote, image, { key: OTHER, ...BOTH });
      return undefined;
    },
  });
  let armed = false;
  await sign(remote, image, { key: KEY, ...BOTH });
  armed = true;
  const { removed, failed } = await clean();
  assert.deepEqual([acted, removed.length, failed], [true, 2, []]);
  assert.equal(await verifies(OTHER), "verified");
  assert.equal(await verifies(KEY), "failed");
  assert.equal(legacyManifest(registry, digest)!.layers.length, 1);
});

test("planRemovals() removes nothing of an image where the registry has a bad night", async () => {
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    let bad = false;
    const { registry, image, remote, plan } = setUp({
      fault: ({ method, url }, proceed) =>
        bad && method === "GET" && String(url).includes("manifests") ? trouble(proceed) : undefined,
    });
    await sign(remote, image, { key: KEY, ...BOTH });
    bad = true;
    const writes = countWrites(registry);
    await assert.rejects(plan(), { code: "REGISTRY" }, name);
    assert.equal(countWrites(registry), writes);
  }
});
