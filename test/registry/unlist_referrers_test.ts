import assert from "node:assert/strict";
import { test } from "node:test";
import type { Digest } from "../../lib/reference/digest.ts";
import { referrersTag } from "../../lib/reference/triangulate.ts";
import { type Descriptor, MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistryOptions } from "../../lib/registry/memory.ts";
import { unlistReferrers } from "../../lib/registry/unlist_referrers.ts";
import { APP, jsonBytes, putImage } from "../support/images.ts";
import { filled, referTo } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { countWrites, fallbackIndex } from "../support/stored_signatures.ts";
import { createTestClock } from "../support/test_clock.ts";

/** An image with referrers that its fallback tag lists. */
function setUp(count: number, options: MemoryRegistryOptions = {}) {
  const registry = filled({ referrers: false, ...options });
  const { digest: subject } = putImage(registry, "1.0");
  const tag = referrersTag(subject);
  const referrers = Array.from({ length: count }, (_, index) => {
    const bytes = referTo(subject, `test/kind-${index}`);
    const digest = registry.putManifest(APP.path, bytes, MEDIA_TYPES.ociManifest);
    return { mediaType: MEDIA_TYPES.ociManifest, size: bytes.length, digest, note: "as it stands" };
  });
  const put = (manifests: readonly unknown[]): Digest => {
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests, note: "mine" };
    return registry.putManifest(APP.path, jsonBytes(index), MEDIA_TYPES.ociIndex, tag);
  };
  if (count > 0) put(referrers);
  const { remote } = openTestRemote(registry);
  const unlist = (digests: readonly Digest[]) =>
    unlistReferrers(remote, APP, {
      subject,
      referrers: new Set(digests),
      clock: createTestClock(),
      random: () => 0.5,
    });
  const listed = () => fallbackIndex(registry, subject);
  return { registry, subject, tag, referrers, put, unlist, listed };
}

test("unlistReferrers() takes entries out, and leaves all else as it stands", async () => {
  const { referrers: [first, second, third], unlist, listed } = setUp(3);
  assert.equal(await unlist([second!.digest]), true);
  const { manifests, note } = listed()!;
  assert.deepEqual(manifests, [first, third] as unknown as readonly Descriptor[]);
  assert.equal(note, "mine");
});

test("unlistReferrers() deletes the tag with the last entry", async () => {
  const { registry, referrers, unlist } = setUp(2);
  assert.equal(await unlist(referrers.map(({ digest }) => digest)), true);
  assert.deepEqual(registry.tags(APP.path), ["1.0"]);
});

test("unlistReferrers() writes nothing where there is no tag, or no such entry", async () => {
  for (const count of [0, 1]) {
    const { registry, subject, unlist } = setUp(count);
    assert.equal(await unlist([subject]), false);
    assert.equal(countWrites(registry), 0);
  }
});

test("unlistReferrers() changes nothing where the registry does not delete", async () => {
  const { referrers, unlist, listed } = setUp(2, { manifestDelete: false });
  await assert.rejects(unlist([referrers[0]!.digest]), { failure: "unsupported" });
  assert.equal(listed()!.manifests.length, 2);
});

test("unlistReferrers() keeps an entry that another adds at the same time", async () => {
  let heads = 0;
  const { referrers, put, unlist, listed, tag } = setUp(3, {
    fault({ method, url }) {
      // Between our reading and our writing.
      if (method === "HEAD" && String(url).endsWith(tag) && heads++ === 0) put(referrers);
      return undefined;
    },
  });
  put(referrers.slice(0, 1));
  assert.equal(await unlist([referrers[0]!.digest]), true);
  assert.deepEqual(listed()!.manifests, referrers.slice(1) as unknown as readonly Descriptor[]);
});

test("unlistReferrers() unlists again what another, who had read before, writes back", async () => {
  let gone = false;
  const { registry, referrers, put, unlist, listed, tag } = setUp(2, {
    fault({ method, url }) {
      if (!String(url).endsWith(tag)) return undefined;
      if (method === "DELETE") gone = true;
      else if (gone) {
        gone = false;
        put(referrers);
      }
      return undefined;
    },
  });
  put(referrers.slice(0, 1));
  assert.equal(await unlist([referrers[0]!.digest]), true);
  assert.deepEqual(listed()!.manifests, referrers.slice(1) as unknown as readonly Descriptor[]);
  assert.ok(registry.tags(APP.path).includes(tag));
});

test("unlistReferrers() leaves what is no index as it is", async () => {
  const { registry, subject, tag, unlist } = setUp(0);
  const image = registry.manifest(APP.path, "1.0")!.digest;
  registry.setTag(APP.path, tag, image);
  await assert.rejects(unlist([subject]), { code: "MALFORMED" });
  assert.equal(registry.manifest(APP.path, tag)?.digest, image);
});
