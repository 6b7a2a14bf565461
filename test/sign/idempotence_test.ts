/** Signing twice is signing once; and nobody else's signature is touched. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText } from "../../lib/base/bytes.ts";
import { MAX_SIGNATURES } from "../../lib/base/limits.ts";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import type { SignOptions } from "../../lib/sign/signing_job.ts";
import { SIGNATURE_FORMATS, type SignatureFormat } from "../../lib/signature/signature_format.ts";
import { APP, createKey, jsonBytes, putImage, sign, trust } from "../support/images.ts";
import { verifyDigest } from "../../lib/verify/verify_digest.ts";
import { HELLO_DIGEST } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import {
  countWrites,
  fallbackIndex,
  legacyManifest,
  referrersOf,
} from "../support/stored_signatures.ts";

const KEY = createKey();
const OTHER = createKey();

function setUp(referrers: boolean) {
  const registry = createMemoryRegistry({ referrers });
  const image = putImage(registry, "1.0");
  // A new client each time: nothing is remembered from one run to the next.
  const signAs = async (format: SignatureFormat, options: Partial<SignOptions> = {}) => {
    const { remote } = openTestRemote(registry);
    const outcomes = await sign(remote, image, { key: KEY, formats: [format], ...options });
    return outcomes[format];
  };
  const count = async (format: SignatureFormat) =>
    format === "legacy"
      ? legacyManifest(registry, image.digest)?.layers.length ?? 0
      : (await referrersOf(registry, image.digest)).length;
  const verify = async (keys = [KEY], annotations = {}) =>
    (await verifyDigest(openTestRemote(registry).remote, APP, image.digest, {
      policy: trust(keys, annotations),
    })).kind;
  return { registry, image, signAs, count, verify };
}

for (const format of SIGNATURE_FORMATS) {
  for (const referrers of format === "bundle" ? [true, false] : [false]) {
    const how = `${format}, referrers API ${referrers ? "on" : "off"}`;

    test(`signDigest() twice is once (${how})`, async () => {
      const { registry, signAs, count } = setUp(referrers);
      assert.equal(await signAs(format), "signed");
      registry.requests.clear();
      assert.equal(await signAs(format), "already-signed");
      assert.equal(countWrites(registry), 0);
      assert.equal(await count(format), 1);
    });

    test(`signDigest() adds a signature with other annotations (${how})`, async () => {
      const { signAs, count, verify } = setUp(referrers);
      assert.equal(await signAs(format), "signed");
      assert.equal(await signAs(format, { annotations: { env: "prod" } }), "signed");
      assert.equal(await signAs(format, { annotations: { env: "test" } }), "signed");
      assert.equal(await signAs(format, { annotations: { env: "prod" } }), "already-signed");
      assert.equal(await count(format), 3);
      assert.equal(await verify([KEY], { env: "test" }), "verified");
      assert.equal(await verify([KEY], { env: "none" }), "failed");
    });

    test(`signDigest() adds to the signature of another key (${how})`, async () => {
      const { signAs, count, verify } = setUp(referrers);
      assert.equal(await signAs(format, { key: OTHER }), "signed");
      assert.equal(await signAs(format), "signed");
      assert.equal(await signAs(format, { key: OTHER }), "already-signed");
      assert.equal(await count(format), 2);
      assert.deepEqual([await verify([KEY]), await verify([OTHER])], ["verified", "verified"]);
    });

    test(`signDigest() writes nothing in a dry run (${how})`, async () => {
      const { registry, signAs } = setUp(referrers);
      assert.equal(await signAs(format, { dryRun: true }), "to-sign");
      assert.equal(countWrites(registry), 0);
      await signAs(format);
      registry.requests.clear();
      assert.equal(await signAs(format, { dryRun: true }), "already-signed");
      assert.equal(await signAs(format, { dryRun: true, key: OTHER }), "to-sign");
      assert.equal(countWrites(registry), 0);
    });
  }
}

test("signDigest() in both formats gives each its outcome", async () => {
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  const { remote } = openTestRemote(registry);
  await sign(remote, image, { key: KEY, formats: ["legacy"] });
  assert.deepEqual(await sign(remote, image, { key: KEY, formats: SIGNATURE_FORMATS }), {
    legacy: "already-signed",
    bundle: "signed",
  });
});

test("signDigest() keeps what others wrote into a legacy manifest, as they wrote it", async () => {
  const { registry, image, signAs, verify } = setUp(false);
  const foreign = {
    mediaType: "application/vnd.example+json",
    digest: HELLO_DIGEST,
    size: 5,
    annotations: { "dev.cosignproject.cosign/signature": "AQID", "com.example/note": "<kept>" },
    urls: ["https://example.com"],
  };
  // As cosign 1 wrote it: no mediaType at the top.
  const manifest = {
    schemaVersion: 2,
    config: { mediaType: MEDIA_TYPES.ociConfig, size: 5, digest: HELLO_DIGEST },
    layers: [foreign],
    annotations: { "com.example/owner": "them" },
    "com.example": [1, { deep: null }],
  };
  const tag = attachmentTag(image.digest, "sig");
  registry.putManifest(APP.path, jsonBytes(manifest), MEDIA_TYPES.ociManifest, tag);
  registry.putBlob(APP.path, new TextEncoder().encode("hello"));
  assert.equal(await signAs("legacy"), "signed");
  const { config, layers, ...rest } = legacyManifest(registry, image.digest)!;
  const { config: _config, layers: _layers, ...before } = manifest;
  assert.deepEqual(rest, before);
  assert.deepEqual(layers[0], foreign);
  assert.equal(layers.length, 2);
  assert.notEqual(config.digest, HELLO_DIGEST);
  assert.equal(await verify(), "verified");
});

test("signDigest() keeps the foreign entries of a fallback index, and puts all in order", async () => {
  const { registry, image, signAs } = setUp(false);
  const entries = ["a", "b", "c", "d"].map((note) => {
    const bytes = jsonBytes({ schemaVersion: 2, note });
    const digest = registry.putManifest(APP.path, bytes, MEDIA_TYPES.ociManifest);
    const artifactType = "application/spdx+json";
    return { mediaType: MEDIA_TYPES.ociManifest, size: bytes.length, digest, artifactType, note };
  });
  const index = { schemaVersion: 2, manifests: entries, annotations: { owner: "them" } };
  const tag = referrersTag(image.digest);
  registry.putManifest(APP.path, jsonBytes(index), MEDIA_TYPES.ociIndex, tag);
  assert.equal(await signAs("bundle"), "signed");
  const { manifests, annotations } = fallbackIndex(registry, image.digest)!;
  assert.deepEqual(annotations, index.annotations);
  const digests = manifests.map(({ digest }) => digest);
  assert.deepEqual(digests, [...digests].sort());
  assert.equal(digests.length, 5);
  for (const entry of entries) {
    assert.deepEqual(manifests.find(({ digest }) => digest === entry.digest), entry);
  }
});

test("signDigest() is not kept from signing by a stranger's broken bundle", async () => {
  const { registry, image, signAs, verify } = setUp(true);
  const layer = {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    size: 5,
    digest: HELLO_DIGEST,
  };
  const { mediaType, size, digest } = image;
  const broken = (layers: readonly unknown[]) =>
    jsonBytes({ schemaVersion: 2, config: layer, layers, subject: { mediaType, size, digest } });
  registry.putManifest(APP.path, broken([layer, layer]), MEDIA_TYPES.ociManifest);
  registry.putManifest(APP.path, broken([layer]), MEDIA_TYPES.ociManifest);
  // Its bytes do not hash to the name by which it is listed.
  const name = `sha256:${"e".repeat(64)}` as const;
  registry.putRaw(APP.path, name as typeof digest, broken([layer]), MEDIA_TYPES.ociManifest);
  registry.putBlob(APP.path, new TextEncoder().encode("hello"));
  assert.equal(await signAs("bundle"), "signed");
  assert.equal(await signAs("bundle"), "already-signed");
  assert.equal(await verify(), "verified");
});

test("signDigest() leaves alone what is no signature manifest, and says so", async () => {
  for (
    const [format, tagOf] of [
      ["legacy", (digest: Parameters<typeof referrersTag>[0]) => attachmentTag(digest, "sig")],
      ["bundle", referrersTag],
    ] as const
  ) {
    const { registry, image, signAs } = setUp(false);
    const bytes = jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, note: "mine" });
    registry.putManifest(APP.path, bytes, MEDIA_TYPES.ociManifest, tagOf(image.digest));
    await assert.rejects(signAs(format), { code: "MALFORMED" });
    const left = registry.manifest(APP.path, tagOf(image.digest))!.bytes;
    assert.equal(decodeText(left), decodeText(bytes));
  }
});

test("signDigest() adds no signature to as many as may be on an image", async () => {
  const { registry, image, signAs } = setUp(false);
  await signAs("legacy");
  const { config, layers } = legacyManifest(registry, image.digest)!;
  const many = Array.from({ length: MAX_SIGNATURES }, () => ({ ...layers[0]!, annotations: {} }));
  const bytes = jsonBytes({ schemaVersion: 2, config, layers: many });
  const tag = attachmentTag(image.digest, "sig");
  registry.putManifest(APP.path, bytes, MEDIA_TYPES.ociManifest, tag);
  await assert.rejects(signAs("legacy"), { name: "TooManySignaturesError" });
  assert.equal(legacyManifest(registry, image.digest)!.layers.length, MAX_SIGNATURES);
});
