import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { referrersTag } from "../../lib/reference/triangulate.ts";
import { checkContents } from "../../lib/registry/check_contents.ts";
import { createLayout } from "../../lib/registry/create_layout.ts";
import { fetchBlob } from "../../lib/registry/fetch_blob.ts";
import { fetchManifest } from "../../lib/registry/fetch_manifest.ts";
import { listReferrers } from "../../lib/registry/list_referrers.ts";
import { listTags } from "../../lib/registry/list_tags.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { openLayout } from "../../lib/registry/open_layout.ts";
import { putBlob } from "../../lib/registry/put_blob.ts";
import { putManifest } from "../../lib/registry/put_manifest.ts";
import { resolveDigest } from "../../lib/registry/resolve_digest.ts";
import { jsonBytes } from "../support/images.ts";
import { COSIGN_IMAGE, handmadeImage, type LayoutEntry, writeLayout } from "../support/layouts.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const { manifest: IMAGE, blobs: BLOBS } = handmadeImage("one");
const SUBJECT = { mediaType: MEDIA_TYPES.ociManifest, size: IMAGE.length, digest: digestOf(IMAGE) };
const ROOT: LayoutEntry = { bytes: IMAGE, annotations: COSIGN_IMAGE };

function referrer(text: string): Uint8Array {
  const { manifest } = handmadeImage(text);
  return jsonBytes({ ...JSON.parse(new TextDecoder().decode(manifest)), subject: SUBJECT });
}

test("openLayout() gives a folder that answers as a registry does", async (context) => {
  const folder = await temporaryFolder(context);
  const listed = { bytes: handmadeImage("two").manifest };
  const tagged = { ...listed, annotations: { "org.opencontainers.image.ref.name": "2.0" } };
  await writeLayout(folder, { blobs: [...BLOBS, referrer("sbom")], entries: [ROOT, tagged] });
  const { remote, repository, root } = await openLayout(folder);
  assert.equal(root, SUBJECT.digest);
  assert.deepEqual(await fetchManifest(remote, repository, root), {
    bytes: IMAGE,
    digest: root,
    mediaType: MEDIA_TYPES.ociManifest,
  });
  assert.equal(
    (await resolveDigest(remote, repository, "2.0"))?.digest,
    digestOf(listed.bytes),
  );
  assert.deepEqual(await listTags(remote, repository), ["2.0"]);
  const { descriptors } = await listReferrers(remote, repository, root);
  assert.deepEqual(descriptors.map(({ digest }) => digest), [digestOf(referrer("sbom"))]);
  const absent = digestOf(encodeText("absent"));
  assert.equal(await fetchManifest(remote, repository, absent), undefined);
  assert.equal(await fetchManifest(remote, repository, "absent"), undefined);
  assert.equal(await fetchBlob(remote, repository, { ...SUBJECT, digest: absent }), undefined);
  assert.deepEqual(await fetchBlob(remote, repository, SUBJECT), IMAGE);
});

test("openLayout() gives a folder that nothing is written to", async (context) => {
  const folder = await temporaryFolder(context);
  await writeLayout(folder, { blobs: BLOBS, entries: [ROOT] });
  const { remote, repository } = await openLayout(folder);
  const { manifest, blobs } = handmadeImage("two");
  await assert.rejects(putBlob(remote, repository, blobs[1]!), { status: 405 });
  await assert.rejects(
    putManifest(remote, repository, { bytes: manifest, mediaType: MEDIA_TYPES.ociManifest }),
    { status: 405 },
  );
});

test("openLayout() tells the type of a manifest that does not say it", async (context) => {
  const folder = await temporaryFolder(context);
  const old = jsonBytes({ schemaVersion: 2, config: SUBJECT, layers: [] });
  const index = jsonBytes({ schemaVersion: 2, manifests: [{ ...SUBJECT, digest: digestOf(old) }] });
  await writeLayout(folder, {
    blobs: [old],
    entries: [{ bytes: index, mediaType: MEDIA_TYPES.ociIndex }],
  });
  const { remote, repository, root } = await openLayout(folder);
  const types = [root, digestOf(old)].map(async (digest) =>
    (await fetchManifest(remote, repository, digest))?.mediaType
  );
  assert.deepEqual(await Promise.all(types), [MEDIA_TYPES.ociIndex, MEDIA_TYPES.ociManifest]);
});

test("a layout's tags and referrers are listed however many they are", async (context) => {
  const folder = await temporaryFolder(context);
  const layout = await createLayout(folder);
  const { remote, repository } = layout;
  for (const blob of BLOBS) await putBlob(remote, repository, blob);
  const mediaType = MEDIA_TYPES.ociManifest;
  const { digest } = await putManifest(remote, repository, { bytes: IMAGE, mediaType });
  for (let count = 0; count < 1100; count++) {
    await putManifest(remote, repository, { bytes: IMAGE, mediaType, tag: `tag-${count}` });
  }
  await layout.finish(digest);
  await layout.close();
  const read = await openLayout(folder);
  assert.equal((await listTags(read.remote, read.repository))?.length, 1100);
});

test("openLayout() refuses a folder that holds several images, or none", async (context) => {
  const folder = await temporaryFolder(context);
  const other = { bytes: handmadeImage("two").manifest };
  await writeLayout(folder, { entries: [{ bytes: IMAGE }, other] });
  await assert.rejects(openLayout(folder), { failure: "invalid-answer", message: /2 images/u });
  // What belongs to another image is none of its own.
  const fallback = { "org.opencontainers.image.ref.name": referrersTag(SUBJECT.digest) };
  await writeLayout(folder, {
    entries: [{ bytes: IMAGE }, { ...other, annotations: fallback }, { bytes: referrer("sbom") }],
  });
  assert.equal((await openLayout(folder)).root, SUBJECT.digest);
  await writeLayout(folder, { entries: [{ bytes: referrer("sbom") }] });
  await assert.rejects(openLayout(folder), { message: /no image is listed/u });
  await assert.rejects(openLayout(`${folder}/none`), { failure: "not-found" });
});

test("createLayout() takes no blob that is not what its digest says", async (context) => {
  const folder = await temporaryFolder(context);
  const { remote, repository, close } = await createLayout(folder);
  await assert.rejects(
    remote.request({
      method: "PUT",
      repository,
      target: `/v2/image/blobs/uploads/?digest=${SUBJECT.digest}`,
      body: encodeText("evil"),
      expect: [201],
    }),
    { code: "LAYOUT", message: /the bytes hash to/u },
  );
  const mediaType = MEDIA_TYPES.ociManifest;
  await assert.rejects(putManifest(remote, repository, { bytes: IMAGE, mediaType }), {
    status: 400,
    message: /blob unknown/u,
  });
  await close();
});

test("checkContents() reads nested indexes once, and no endless ones", async (context) => {
  const folder = await temporaryFolder(context);
  const child = { ...SUBJECT, mediaType: MEDIA_TYPES.ociManifest };
  const nested = jsonBytes({ schemaVersion: 2, manifests: [child, child] });
  const index = jsonBytes({
    schemaVersion: 2,
    manifests: [child, { ...SUBJECT, digest: digestOf(nested) }],
  });
  await writeLayout(folder, {
    blobs: [...BLOBS, IMAGE, nested],
    entries: [{ bytes: index, mediaType: MEDIA_TYPES.ociIndex }],
  });
  const layout = await openLayout(folder);
  await checkContents(layout, layout.root);
  // Three manifests and two blobs.
  assert.equal(layout.remote.counters.requests, 5);
});
