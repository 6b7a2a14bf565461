import assert from "node:assert/strict";
import { test } from "node:test";
import { deleteTag } from "../../lib/registry/delete_tag.ts";
import { fetchManifest } from "../../lib/registry/fetch_manifest.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistryOptions } from "../../lib/registry/memory.ts";
import { refuse } from "../../lib/registry/memory_answer.ts";
import { matches } from "../support/faults.ts";
import { APP, jsonBytes } from "../support/images.ts";
import { filled, manifestOf } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { countWrites } from "../support/stored_signatures.ts";

/** As distribution 2 does: manifests go by digest only. */
const BY_DIGEST_ONLY: MemoryRegistryOptions = {
  fault: (request) =>
    matches(/^DELETE .*\/manifests\/[^:]+$/u)(request)
      ? refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
      : undefined,
};

const MANIFESTS = {
  "a manifest": [manifestOf(), MEDIA_TYPES.ociManifest],
  "an index": [
    jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }),
    MEDIA_TYPES.ociIndex,
  ],
} as const;

async function setUp(options: MemoryRegistryOptions, what: keyof typeof MANIFESTS) {
  const registry = filled(options);
  const [bytes, mediaType] = MANIFESTS[what];
  const digest = registry.putManifest(APP.path, bytes, mediaType, "old");
  registry.setTag(APP.path, "other", digest);
  const { remote } = openTestRemote(registry);
  const current = await fetchManifest(remote, APP, "old");
  return {
    registry,
    digest,
    remove: () => deleteTag(remote, APP, "old", current!, () => Promise.resolve(true)),
  };
}

for (const what of Object.keys(MANIFESTS) as (keyof typeof MANIFESTS)[]) {
  for (const options of [{}, BY_DIGEST_ONLY]) {
    const way = options === BY_DIGEST_ONLY ? " where only digests can be deleted" : "";
    test(`deleteTag() deletes a tag of ${what} and leaves the others${way}`, async () => {
      const { registry, digest, remove } = await setUp(options, what);
      await remove();
      assert.deepEqual(registry.tags(APP.path), ["other"]);
      assert.equal(registry.manifest(APP.path, "other")?.digest, digest);
    });
  }
}

test("deleteTag() leaves the tag as it is where the registry does not delete", async () => {
  const { registry, digest, remove } = await setUp({ manifestDelete: false }, "a manifest");
  await assert.rejects(remove(), { failure: "unsupported", status: 405 });
  assert.equal(registry.manifest(APP.path, "old")?.digest, digest);
  assert.equal(countWrites(registry), 2, "asked for the tag, and for a digest; nothing written");
});
