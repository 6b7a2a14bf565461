import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import type { ResolvedManifest } from "../../lib/registry/resolve_digest.ts";
import {
  copyImage,
  type CopyImageOptions,
  TargetExistsError,
} from "../../lib/signature/copy_image.ts";
import { verifyDigest } from "../../lib/verify/verify_digest.ts";
import { APP, createKey, jsonBytes, putImage, sign, trust } from "../support/images.ts";
import { putSignedIndex } from "../support/signed_index.ts";
import { HOST, openTestRemote, openTestRemotes } from "../support/open_test_remote.ts";
import { createTestClock } from "../support/test_clock.ts";

const TARGET_HOST = "localhost:6000";
const TARGET = { registry: TARGET_HOST, path: "mirror/app" };
const KEY = createKey();

/** Two registries that one client reaches. */
function openPair({ from, to }: { readonly from: boolean; readonly to: boolean }) {
  const source = createMemoryRegistry({ referrers: from });
  const target = createMemoryRegistry({ referrers: to });
  const { remote, sent } = openTestRemotes({
    [`http://${HOST}`]: source,
    [`http://${TARGET_HOST}`]: target,
  });
  const copied: string[] = [];
  const copy = (digest: ResolvedManifest["digest"], options: Partial<CopyImageOptions> = {}) =>
    copyImage({ remote, repository: APP }, { remote, repository: TARGET }, digest, {
      tag: "1.0",
      clock: createTestClock(),
      random: () => 0.5,
      onCopy: (_source, name) => Promise.resolve(void copied.push(name)),
      ...options,
    });
  return { source, target, remote, sent, copied, copy };
}

for (const from of [true, false]) {
  for (const to of [true, false]) {
    const name = (api: boolean): string => api ? "the referrers API" : "the fallback tag";
    test(`copyImage() copies an index and all signatures from ${name(from)} to ${name(to)}`, async () => {
      const { source, target, remote, copied, copy } = openPair({ from, to });
      const images = await putSignedIndex(source, KEY);
      await copy(images[0]!.digest);
      for (const { digest } of images) {
        for (const first of ["bundle", "legacy"] as const) {
          const verdict = await verifyDigest(remote, TARGET, digest, {
            policy: trust([KEY]),
            first,
            exhaustive: true,
          });
          assert.equal(verdict.kind, "verified");
          assert.equal(verdict.signatures[0]?.format, first);
        }
      }
      // Nothing else is left there, and a second copy writes nothing.
      const expected = images.flatMap(({ digest }) => [
        attachmentTag(digest, "sig"),
        ...to ? [] : [referrersTag(digest)],
      ]);
      assert.deepEqual([...target.tags(TARGET.path)].sort(), ["1.0", ...expected].sort());
      assert.equal(copied.at(-1), `${TARGET_HOST}/${TARGET.path}:1.0`);
      copied.length = 0;
      await copy(images[0]!.digest);
      assert.deepEqual(copied, []);
    });
  }
}

test("copyImage() mounts blobs inside a registry instead of sending them", async () => {
  const registry = createMemoryRegistry();
  const [index] = await putSignedIndex(registry, KEY);
  const { remote, sent } = openTestRemote(registry);
  const options = { tag: "1.0", clock: createTestClock(), random: () => 0.5 };
  const repository = { registry: HOST, path: "team/mirror" };
  await copyImage({ remote, repository: APP }, { remote, repository }, index!.digest, options);
  assert.ok(sent.some(({ url }) => url.searchParams.has("mount")));
  assert.deepEqual(sent.filter(({ upload, receive }) => upload ?? receive), []);
});

test("copyImage() copies what else refers to an image, and what refers to that", async () => {
  const { source, target, remote, copy } = openPair({ from: true, to: true });
  const image = putImage(source, "1.0");
  const layer = encodeText("packages");
  const sbom = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    artifactType: "application/spdx+json",
    config: { mediaType: MEDIA_TYPES.ociEmpty, size: 2, digest: digestOf(encodeText("{}")) },
    layers: [{ mediaType: "text/spdx", size: 8, digest: source.putBlob(APP.path, layer) }],
    subject: image,
  });
  const digest = source.putManifest(APP.path, sbom, MEDIA_TYPES.ociManifest);
  const signed = { digest, mediaType: MEDIA_TYPES.ociManifest, size: sbom.length };
  await sign(openTestRemote(source).remote, signed, { key: KEY });
  await copy(image.digest);
  assert.deepEqual(target.manifest(TARGET.path, digest)?.bytes, sbom);
  const verdict = await verifyDigest(remote, TARGET, digest, { policy: trust([KEY]) });
  assert.equal(verdict.kind, "verified");
});

test("copyImage() writes over nothing unless told, and then nothing at all", async () => {
  const { source, target, copy } = openPair({ from: true, to: true });
  const [index] = await putSignedIndex(source, KEY);
  const other = putImage(target, "1.0", { path: TARGET.path });
  await assert.rejects(copy(index!.digest), TargetExistsError);
  assert.equal(target.manifest(TARGET.path, "1.0")?.digest, other.digest);
  assert.deepEqual(target.tags(TARGET.path), ["1.0"]);
  await copy(index!.digest, { force: true });
  assert.equal(target.manifest(TARGET.path, "1.0")?.digest, index!.digest);
});

test("copyImage() copies signatures alone, and neither image nor tag", async () => {
  const { source, target, remote, copy } = openPair({ from: true, to: true });
  const [index] = await putSignedIndex(source, KEY);
  await copy(index!.digest, { only: ["sig"] });
  assert.equal(target.manifest(TARGET.path, index!.digest), undefined);
  assert.ok(!target.tags(TARGET.path).includes("1.0"));
  const policy = trust([KEY]);
  assert.equal((await verifyDigest(remote, TARGET, index!.digest, { policy })).kind, "verified");
});

test("copyImage() stops, and sets no tag, where a blob is not what it should be", async () => {
  const { source, target, copy } = openPair({ from: true, to: true });
  const image = putImage(source, "1.0");
  source.putRaw(APP.path, digestOf(encodeText("layer of 1.0")), encodeText("lay3r of 1.0"));
  await assert.rejects(copy(image.digest), /its source gave 12 bytes that hash to/u);
  assert.deepEqual(target.tags(TARGET.path), []);
});

test("copyImage() refuses a source that lists endless referrers", async () => {
  const { source, copy } = openPair({ from: true, to: true });
  const image = putImage(source, "1.0");
  for (let count = 0; count <= 1000; count++) {
    const bytes = jsonBytes({
      schemaVersion: 2,
      annotations: { count: `${count}` },
      subject: image,
    });
    source.putManifest(APP.path, bytes, MEDIA_TYPES.ociManifest);
  }
  await assert.rejects(copy(image.digest), /more than 1000 referrers/u);
});
