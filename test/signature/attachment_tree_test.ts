import assert from "node:assert/strict";
import { test } from "node:test";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry, type MemoryRegistryOptions } from "../../lib/registry/memory.ts";
import { type AttachmentTree, readAttachmentTree } from "../../lib/signature/attachment_tree.ts";
import type { AttachmentSearch } from "../../lib/signature/list_attachments.ts";
import { attest, putSbom, refer } from "../support/attachments.ts";
import { TROUBLES } from "../support/faults.ts";
import { APP, createKey, jsonBytes, putImage, sign } from "../support/images.ts";
import { ABSENT_DIGEST } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

const KEY = createKey();

function setUp(options: MemoryRegistryOptions = {}) {
  const registry = createMemoryRegistry(options);
  const image = putImage(registry, "1.0");
  const { remote } = openTestRemote(registry);
  const read = (search?: AttachmentSearch) =>
    readAttachmentTree({ remote, repository: APP }, image.digest, search);
  return { registry, image, remote, read };
}

/** The tree in few words: `sig`, or a type with what is below it. */
function outline({ attachments }: AttachmentTree): readonly unknown[] {
  return attachments.map((node) => {
    const name = node.tag === undefined ? node.type : node.kind;
    return node.attachments.length === 0 ? name : [name, ...outline(node)];
  });
}

for (const referrers of [true, false]) {
  const where = referrers ? "the referrers API" : "the fallback tag";
  test(`readAttachmentTree() finds all that belongs to an image, with ${where}`, async () => {
    const { registry, image, remote, read } = setUp({ referrers });
    const both = { key: KEY, formats: ["bundle", "legacy"] as const };
    await sign(remote, image, both);
    await attest(remote, image, both);
    const sbom = await refer(registry, remote, image, { artifactType: "application/spdx+json" });
    await sign(remote, sbom, both);
    const tagged = putSbom(registry, image.digest, "tagged");
    await sign(remote, { ...sbom, digest: tagged }, { key: KEY, formats: ["legacy"] });
    const tree = await read();
    assert.deepEqual(outline(tree), [
      "sig",
      "att",
      ["sbom", "sig"],
      ["application/spdx+json", "sig", "https://sigstore.dev/cosign/sign/v1"],
      "https://sigstore.dev/cosign/sign/v1",
      "https://spdx.dev/Document",
    ]);
    assert.deepEqual(tree.dangling, []);
    const [{ tag, layers, created }] = tree.attachments as [typeof tree.attachments[0]];
    assert.equal(tag, attachmentTag(image.digest, "sig"));
    assert.deepEqual([layers.length, created], [1, undefined]);
    assert.match(tree.attachments.at(-1)!.created!, /^2026-/u);
    assert.deepEqual(outline(await read({ referrers: false })), ["sig", "att", ["sbom", "sig"]]);
  });
}

test("readAttachmentTree() keeps the order, whatever that of the registry's list", async () => {
  const { registry, image, remote, read } = setUp({ referrers: false });
  for (const [type, created] of [["b", "2"], ["a", "3"], ["a", "1"], ["b", "1"], ["a", "2"]]) {
    const annotations = { "org.opencontainers.image.created": created };
    await refer(registry, remote, image, { artifactType: type, annotations });
  }
  const { attachments } = await read();
  const order = attachments.map(({ type, created }) => `${type}${created}`);
  assert.deepEqual(order, ["a1", "a2", "a3", "b1", "b2"]);
});

test("readAttachmentTree() tells of what is listed and not there", async () => {
  const { registry, image, read } = setUp({ referrers: false });
  const mediaType = MEDIA_TYPES.ociIndex;
  const entry = { mediaType: MEDIA_TYPES.ociManifest, size: 1, digest: ABSENT_DIGEST };
  const index = jsonBytes({ schemaVersion: 2, mediaType, manifests: [entry] });
  registry.putManifest(APP.path, index, mediaType, referrersTag(image.digest));
  assert.deepEqual(await read(), {
    digest: image.digest,
    attachments: [],
    dangling: [ABSENT_DIGEST],
  });
});

test("readAttachmentTree() shows what lists name in a circle once", async () => {
  const { registry, image, remote, read } = setUp({ referrers: false });
  const inner = await refer(registry, remote, image, { artifactType: "a" });
  const list = registry.manifest(APP.path, referrersTag(image.digest))!.digest;
  registry.setTag(APP.path, referrersTag(inner.digest), list);
  assert.deepEqual(outline(await read()), [["a", "a"]]);
});

test("readAttachmentTree() takes no trouble of a registry for an image without attachments", async () => {
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    for (const path of [".sig", "/referrers/"]) {
      // That is taken for a registry without the API, as cosign takes it.
      if (name === "a web page" && path === "/referrers/") continue;
      const { read } = setUp({
        fault: ({ url }, proceed) => String(url).includes(path) ? trouble(proceed) : undefined,
      });
      await assert.rejects(read(), { code: "REGISTRY" }, `${name} on ${path}`);
    }
  }
});

test("readAttachmentTree() refuses endless referrers of referrers", async () => {
  const { registry, image, remote, read } = setUp();
  let subject = image;
  for (let depth = 0; depth < 2001; depth++) {
    subject = await refer(registry, remote, subject, { artifactType: "a" });
  }
  await assert.rejects(read(), { code: "REGISTRY", message: /more than 2000 manifests/u });
});
