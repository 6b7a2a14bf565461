import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { type Digest, digestOf } from "../../lib/reference/digest.ts";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import type { Descriptor } from "../../lib/registry/manifest.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry, type MemoryRegistry } from "../../lib/registry/memory.ts";
import { openLayout } from "../../lib/registry/open_layout.ts";
import { loadImage, type LoadImageOptions } from "../../lib/signature/load_image.ts";
import { verifyDigest } from "../../lib/verify/verify_digest.ts";
import { APP, createKey, jsonBytes, putImage, sign, trust } from "../support/images.ts";
import { atOnce, blobPath, handmadeImage, saveFrom, writeLayout } from "../support/layouts.ts";
import { HOST, openTestRemote } from "../support/open_test_remote.ts";
import { putSignedIndex } from "../support/signed_index.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const KEY = createKey();
const TARGET = { registry: HOST, path: "mirror/other-name" };

/** What `index.json` lists. */
async function entriesOf(folder: string): Promise<readonly Descriptor[]> {
  const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as {
    manifests: Descriptor[];
  };
  return index.manifests;
}

async function load(
  registry: MemoryRegistry,
  folder: string,
  options: Partial<LoadImageOptions> = {},
): Promise<Digest> {
  const { remote } = openTestRemote(registry);
  return await loadImage(folder, { remote, repository: TARGET }, {
    tag: "1.0",
    ...atOnce(),
    ...options,
  });
}

for (const from of [true, false]) {
  for (const to of [true, false]) {
    const name = (api: boolean): string => api ? "the referrers API" : "the fallback tag";
    test(`an index and all its signatures go from ${name(from)} over a folder to ${name(to)}`, async (context) => {
      const folder = await temporaryFolder(context);
      const source = createMemoryRegistry({ referrers: from });
      const images = await putSignedIndex(source, KEY);
      await saveFrom(source, folder, images[0]!.digest, { tag: "1.0" });

      const target = createMemoryRegistry({ referrers: to });
      assert.equal(await load(target, folder), images[0]!.digest);
      const { remote } = openTestRemote(target);
      const layout = await openLayout(folder);
      for (const { digest } of images) {
        for (const place of [layout, { remote, repository: TARGET }]) {
          for (const first of ["bundle", "legacy"] as const) {
            const verdict = await verifyDigest(place.remote, place.repository, digest, {
              policy: trust([KEY]),
              first,
            });
            assert.equal(verdict.kind, "verified");
            assert.equal(verdict.signatures[0]?.format, first);
          }
        }
        assert.deepEqual(
          target.manifest(TARGET.path, digest)?.bytes,
          source.manifest(APP.path, digest)?.bytes,
        );
      }
      const attachments = images.flatMap(({ digest }) => [
        attachmentTag(digest, "sig"),
        ...to ? [] : [referrersTag(digest)],
      ]);
      assert.deepEqual([...target.tags(TARGET.path)].sort(), ["1.0", ...attachments].sort());
    });
  }
}

test("saveImage() lists the image, its signatures and referrers as cosign and others read them", async (context) => {
  const folder = await temporaryFolder(context);
  const registry = createMemoryRegistry();
  const [index, child] = await putSignedIndex(registry, KEY);
  await saveFrom(registry, folder, index!.digest, { tag: "1.0" });
  const [root, ...rest] = await entriesOf(folder);
  assert.deepEqual(root, {
    mediaType: MEDIA_TYPES.ociIndex,
    size: index!.size,
    digest: index!.digest,
    annotations: {
      "kind": "dev.cosignproject.cosign/imageIndex",
      "org.opencontainers.image.ref.name": "1.0",
    },
  });
  const tagOf = ({ annotations }: Descriptor): string | undefined =>
    annotations?.["org.opencontainers.image.ref.name"];
  const signatures = rest.find((entry) => tagOf(entry) === attachmentTag(index!.digest, "sig"));
  assert.equal(signatures?.annotations?.["kind"], "dev.cosignproject.cosign/sigs");
  // cosign takes the first of a kind for the image's own.
  const others = rest.find((entry) => tagOf(entry) === attachmentTag(child!.digest, "sig"));
  assert.equal(others?.annotations?.["kind"], undefined);
  const bundles = rest.filter((entry) => tagOf(entry) === undefined);
  assert.deepEqual(
    bundles.map(({ artifactType, annotations }) => [artifactType, annotations]),
    Array(3).fill(["application/vnd.dev.sigstore.bundle.v0.3+json", undefined]),
  );
  assert.deepEqual((await readdir(folder)).sort(), ["blobs", "index.json", "oci-layout"]);
});

test("saveImage() gives nobody who may push a referrer another place in index.json", async (context) => {
  const folder = await temporaryFolder(context);
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  const referrer = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: [],
    subject: image,
    annotations: {
      "kind": "dev.cosignproject.cosign/imageIndex",
      "org.opencontainers.image.ref.name": "1.0",
    },
  });
  const digest = registry.putManifest(APP.path, referrer, MEDIA_TYPES.ociIndex);
  await saveFrom(registry, folder, image.digest, { tag: "1.0" });
  const [, listed] = await entriesOf(folder);
  assert.deepEqual(listed, { mediaType: MEDIA_TYPES.ociIndex, size: referrer.length, digest });
  assert.equal((await openLayout(folder)).root, image.digest);
});

test("what else refers to an image, and what refers to that, goes over a folder too", async (context) => {
  const folder = await temporaryFolder(context);
  const source = createMemoryRegistry();
  const image = putImage(source, "1.0");
  const sbom = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    artifactType: "application/spdx+json",
    config: {
      mediaType: MEDIA_TYPES.ociEmpty,
      size: 2,
      digest: source.putBlob(APP.path, encodeText("{}")),
    },
    layers: [],
    subject: image,
  });
  const digest = source.putManifest(APP.path, sbom, MEDIA_TYPES.ociManifest);
  const attached = handmadeImage("packages");
  for (const blob of attached.blobs) source.putBlob(APP.path, blob);
  const sbomTag = attachmentTag(image.digest, "sbom");
  source.putManifest(APP.path, attached.manifest, MEDIA_TYPES.ociManifest, sbomTag);
  const { remote } = openTestRemote(source);
  await sign(remote, { digest, mediaType: MEDIA_TYPES.ociManifest, size: sbom.length }, {
    key: KEY,
  });
  await saveFrom(source, folder, image.digest);

  const target = createMemoryRegistry();
  await load(target, folder);
  const verdict = await verifyDigest(openTestRemote(target).remote, TARGET, digest, {
    policy: trust([KEY]),
  });
  assert.equal(verdict.kind, "verified");
  assert.deepEqual(target.manifest(TARGET.path, sbomTag)?.bytes, attached.manifest);
});

test("signatures are saved and loaded where they are kept elsewhere, and under other names", async (context) => {
  const folder = await temporaryFolder(context);
  const source = createMemoryRegistry();
  const image = putImage(source, "1.0");
  const { remote } = openTestRemote(source);
  const kept = { registry: HOST, path: "team/signatures" };
  await sign(remote, image, {
    key: KEY,
    formats: ["legacy"],
    store: { repository: kept, tagPrefix: "from-" },
  });
  await saveFrom(source, folder, image.digest, {
    attachments: { remote, repository: kept },
    tagPrefix: "from-",
  });
  const [, signatures] = await entriesOf(folder);
  assert.equal(
    signatures?.annotations?.["org.opencontainers.image.ref.name"],
    attachmentTag(image.digest, "sig"),
  );
  const target = createMemoryRegistry();
  const there = { registry: HOST, path: "elsewhere" };
  await load(target, folder, {
    attachments: { remote: openTestRemote(target).remote, repository: there },
    tagPrefix: "to-",
  });
  assert.deepEqual(target.tags(TARGET.path), ["1.0"]);
  assert.deepEqual(target.tags(there.path), [attachmentTag(image.digest, "sig", "to-")]);
});

test("saveImage() uses again what is whole in the folder, and writes over what is not", async (context) => {
  const folder = await temporaryFolder(context);
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  await saveFrom(registry, folder, image.digest);
  const layer = digestOf(encodeText("layer of 1.0"));
  const config = digestOf(encodeText("{}"));
  // As a run that was killed leaves a folder, and a disk that was full before.
  await rm(join(folder, "index.json"));
  await rm(blobPath(folder, image.digest));
  await writeFile(blobPath(folder, layer), "layer of");
  await mkdir(join(folder, ".sigfleet-unfinished"));
  await writeFile(join(folder, ".sigfleet-unfinished", "part"), "layer");
  registry.requests.clear();
  await saveFrom(registry, folder, image.digest);
  const fetched = registry.requests.recent.map(({ path }) => path);
  assert.ok(fetched.some((path) => path.endsWith(`/blobs/${layer}`)));
  assert.ok(!fetched.some((path) => path.endsWith(`/blobs/${config}`)));
  assert.equal(await readFile(blobPath(folder, layer), "utf8"), "layer of 1.0");
  assert.deepEqual((await readdir(folder)).sort(), ["blobs", "index.json", "oci-layout"]);
  assert.equal((await openLayout(folder)).root, image.digest);
});

test("saveImage() lets another image give way, as cosign does, and leaves other layouts alone", async (context) => {
  const folder = await temporaryFolder(context);
  const registry = createMemoryRegistry();
  const [one, two] = [putImage(registry, "1.0"), putImage(registry, "2.0")];
  await saveFrom(registry, folder, one.digest);
  await saveFrom(registry, folder, two.digest);
  assert.deepEqual((await entriesOf(folder)).map(({ digest }) => digest), [two.digest]);

  const foreign = join(folder, "foreign");
  const { manifest, blobs } = handmadeImage("theirs");
  await writeLayout(foreign, { blobs, entries: [{ bytes: manifest }] });
  const before = await readFile(join(foreign, "index.json"));
  await assert.rejects(saveFrom(registry, foreign, one.digest), { code: "LAYOUT" });
  await writeLayout(join(folder, "web"), { index: "<html>" });
  await assert.rejects(saveFrom(registry, join(folder, "web"), one.digest), { code: "LAYOUT" });
  assert.deepEqual(await readFile(join(foreign, "index.json")), before);
  assert.deepEqual((await readdir(foreign)).sort(), ["blobs", "index.json", "oci-layout"]);
});

test("saveImage() leaves the old image in the folder where the new one cannot be had", async (context) => {
  const folder = await temporaryFolder(context);
  const registry = createMemoryRegistry();
  const [one, two] = [putImage(registry, "1.0"), putImage(registry, "2.0")];
  await saveFrom(registry, folder, one.digest);
  registry.putRaw(APP.path, digestOf(encodeText("layer of 2.0")), encodeText("lay3r of 2.0"));
  await assert.rejects(saveFrom(registry, folder, two.digest), /that hash to/u);
  assert.equal((await openLayout(folder)).root, one.digest);
  assert.deepEqual((await readdir(folder)).sort(), ["blobs", "index.json", "oci-layout"]);
});

test("saveImage() says what it cannot write, and writes through no link out of the folder", async (context) => {
  const folder = await temporaryFolder(context);
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  const file = join(folder, "file");
  await writeFile(file, "");
  await assert.rejects(saveFrom(registry, file, image.digest), {
    code: "LAYOUT",
    message: /^Cannot write .*file: /u,
  });
  const outside = await temporaryFolder(context);
  const inside = join(folder, "layout");
  await writeLayout(inside, {});
  await rm(join(inside, "blobs"), { recursive: true });
  await symlink(outside, join(inside, "blobs"));
  await assert.rejects(saveFrom(registry, inside, image.digest), {
    code: "LAYOUT",
    message: /leads out of the folder/u,
  });
  assert.deepEqual(await readdir(outside), []);
});

test("loadImage() moves the tag, sends nothing twice, and loads only the digest asked for", async (context) => {
  const folder = await temporaryFolder(context);
  const source = createMemoryRegistry();
  const [index] = await putSignedIndex(source, KEY);
  await saveFrom(source, folder, index!.digest);
  const target = createMemoryRegistry();
  putImage(target, "1.0", { path: TARGET.path });
  await load(target, folder);
  assert.equal(target.manifest(TARGET.path, "1.0")?.digest, index!.digest);
  target.requests.clear();
  await load(target, folder);
  const writes = target.requests.recent.filter(({ method }) => method !== "GET");
  assert.deepEqual([...new Set(writes.map(({ method }) => method))], ["HEAD"]);

  const other = digestOf(encodeText("other"));
  await assert.rejects(load(target, folder, { digest: other }), { failure: "invalid-answer" });
});

test("loadImage() puts signatures beside those that are there, and loses none", async (context) => {
  const folder = await temporaryFolder(context);
  const [ours, theirs] = [createKey(), createKey()];
  const source = createMemoryRegistry();
  const image = putImage(source, "1.0");
  const { remote } = openTestRemote(source);
  const formats = ["legacy"] as const;
  await sign(remote, image, { key: ours, formats });
  await saveFrom(source, folder, image.digest);
  const target = createMemoryRegistry();
  const there = openTestRemote(target).remote;
  await load(target, folder);
  await sign(there, image, { key: theirs, formats, repository: TARGET });
  // Signed again at the source, and loaded again.
  await sign(remote, image, { key: KEY, formats });
  await saveFrom(source, folder, image.digest);
  for (let twice = 0; twice < 2; twice++) await load(target, folder);
  for (const key of [ours, theirs, KEY]) {
    const verdict = await verifyDigest(there, TARGET, image.digest, { policy: trust([key]) });
    assert.equal(verdict.kind, "verified");
  }
  const tag = attachmentTag(image.digest, "sig");
  const { layers } = JSON.parse(decodeText(target.manifest(TARGET.path, tag)!.bytes)) as {
    layers: readonly unknown[];
  };
  assert.equal(layers.length, 3);
});

test("loadImage() sets no tag where the folder lacks something or it is not what it should be", async (context) => {
  const folder = await temporaryFolder(context);
  const source = createMemoryRegistry();
  const image = putImage(source, "1.0");
  await saveFrom(source, folder, image.digest);
  const layer = blobPath(folder, digestOf(encodeText("layer of 1.0")));
  const target = createMemoryRegistry();
  await writeFile(layer, "lay3r of 1.0");
  await assert.rejects(load(target, folder), { failure: "invalid-answer" });
  await rm(layer);
  await assert.rejects(load(target, folder), { failure: "not-found" });
  assert.deepEqual(target.tags(TARGET.path), []);
});
