/** What is stored is what cosign 3 stores, byte for byte but for the signature itself. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase64, decodeText, encodeText } from "../../lib/base/bytes.ts";
import { verifySignature } from "../../lib/keys/verify_signature.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import type { SignOptions } from "../../lib/sign/signing_job.ts";
import { buildClaim } from "../../lib/signature/claim.ts";
import { buildSignStatement } from "../../lib/signature/statement.ts";
import { APP, createKey, putImage, sign } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { blobText, legacyManifest, referrersOf } from "../support/stored_signatures.ts";

const KEY = createKey();

async function signed(options: Partial<SignOptions>, { referrers = false } = {}) {
  const registry = createMemoryRegistry({ referrers });
  const image = putImage(registry, "1.0");
  await sign(openTestRemote(registry).remote, image, { key: KEY, ...options });
  return { registry, image };
}

test("signDigest() stores a legacy manifest with the bytes of cosign 3", async () => {
  const annotations = { env: "prod" };
  const { registry, image } = await signed({ formats: ["legacy"], annotations });
  const payload = buildClaim("localhost:5000/team/app", image.digest, annotations);
  const stored = registry.manifest(APP.path, attachmentTag(image.digest, "sig"));
  const layer = legacyManifest(registry, image.digest)!.layers[0]!;
  const signature = layer.annotations!["dev.cosignproject.cosign/signature"]!;
  const created = '"0001-01-01T00:00:00Z"';
  const config = `{"architecture":"","created":${created},"history":[{"created":${created}}],` +
    `"os":"","rootfs":{"type":"layers","diff_ids":["${digestOf(payload)}"]},"config":{}}`;
  assert.equal(config.length, 233, "the size in the reference's example");
  assert.equal(
    decodeText(stored!.bytes),
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",' +
      '"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":233,' +
      `"digest":"${digestOf(encodeText(config))}"},` +
      '"layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json",' +
      `"size":${payload.length},"digest":"${digestOf(payload)}",` +
      `"annotations":{"dev.cosignproject.cosign/signature":"${signature}"}}]}`,
  );
  assert.equal(stored!.mediaType, MEDIA_TYPES.ociManifest);
  assert.equal(await blobText(registry, digestOf(encodeText(config))), config);
  assert.equal(await blobText(registry, layer.digest), decodeText(payload));
  assert.ok(await verifySignature(KEY.publicKey, payload, decodeBase64(signature)));
});

test("signDigest() writes Docker's media types where asked to", async () => {
  const { registry, image } = await signed({ formats: ["legacy"], dockerMediaTypes: true });
  const { mediaType, config } = legacyManifest(registry, image.digest)!;
  assert.deepEqual([mediaType, config.mediaType], [
    MEDIA_TYPES.dockerManifest,
    MEDIA_TYPES.dockerConfig,
  ]);
  const stored = registry.manifest(APP.path, attachmentTag(image.digest, "sig"));
  assert.equal(stored!.mediaType, MEDIA_TYPES.dockerManifest);
});

test("signDigest() signs the docker-reference that it is told", async () => {
  const { registry, image } = await signed({ formats: ["legacy"], dockerReference: "r.example/x" });
  const { digest } = legacyManifest(registry, image.digest)!.layers[0]!;
  assert.match(await blobText(registry, digest), /"docker-reference":"r\.example\/x"/u);
});

for (const referrers of [true, false]) {
  const where = referrers ? "with the referrers API" : "under the fallback tag";
  test(`signDigest() stores a bundle's manifest with the bytes of cosign 3, ${where}`, async () => {
    const { registry, image } = await signed({ annotations: { env: "prod" } }, { referrers });
    const [document] = await referrersOf(registry, image.digest);
    const layer = document!.layers[0]!;
    const type = "application/vnd.dev.sigstore.bundle.v0.3+json";
    const text = JSON.stringify(document);
    assert.equal(
      text,
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",' +
        '"config":{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":' +
        '"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",' +
        `"artifactType":"${type}"},` +
        `"layers":[{"mediaType":"${type}","size":${layer.size},"digest":"${layer.digest}"}],` +
        '"annotations":{"dev.sigstore.bundle.content":"dsse-envelope",' +
        '"dev.sigstore.bundle.predicateType":"https://sigstore.dev/cosign/sign/v1",' +
        '"org.opencontainers.image.created":"2026-11-23T09:20:10Z"},' +
        `"subject":{"mediaType":"${image.mediaType}","size":${image.size},` +
        `"digest":"${image.digest}"},"artifactType":"${type}"}`,
    );
    const stored = registry.manifest(APP.path, digestOf(encodeText(text)));
    assert.ok(stored, "and these are the bytes that are stored");
    const bundle = await blobText(registry, layer.digest);
    assert.equal(bundle.length, layer.size);
    const { dsseEnvelope } = JSON.parse(bundle) as { dsseEnvelope: { payload: string } };
    assert.equal(
      decodeText(decodeBase64(dsseEnvelope.payload)),
      decodeText(buildSignStatement(image.digest, { env: "prod" })),
    );
    assert.equal(await blobText(registry, document!.config.digest), "{}");
  });
}

test("signDigest() writes the fallback index as others write it, and no tag besides", async () => {
  const { registry, image } = await signed({});
  const tag = referrersTag(image.digest);
  assert.deepEqual(registry.tags(APP.path), ["1.0", tag]);
  const index = registry.manifest(APP.path, tag)!;
  const [document] = await referrersOf(registry, image.digest);
  const bytes = encodeText(JSON.stringify(document));
  assert.equal(index.mediaType, MEDIA_TYPES.ociIndex);
  assert.deepEqual(JSON.parse(decodeText(index.bytes)), {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: [{
      mediaType: MEDIA_TYPES.ociManifest,
      size: bytes.length,
      digest: digestOf(bytes),
      artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      annotations: document!.annotations,
    }],
  });
});

test("signDigest() writes no fallback tag where the registry lists referrers", async () => {
  const { registry } = await signed({}, { referrers: true });
  assert.deepEqual(registry.tags(APP.path), ["1.0"]);
});

test("signDigest() describes the subject in full where HEAD says neither type nor size", async () => {
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  await sign(openTestRemote(registry).remote, { ...image, size: 0, mediaType: "" }, { key: KEY });
  const [document] = await referrersOf(registry, image.digest);
  const { mediaType, size, digest } = image;
  assert.deepEqual(document!["subject"], { mediaType, size, digest });
});
