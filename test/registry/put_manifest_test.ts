import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../lib/reference/digest.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistryOptions } from "../../lib/registry/memory.ts";
import { refuse } from "../../lib/registry/memory_answer.ts";
import { putManifest } from "../../lib/registry/put_manifest.ts";
import { DEFAULT_RETRY } from "../../lib/registry/retry.ts";
import { createSwitch } from "../support/faults.ts";
import { ABSENT_DIGEST, filled, manifestOf, referTo } from "../support/memory_registry.ts";
import { APP } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

const mediaType = MEDIA_TYPES.ociManifest;

function setUp(options: MemoryRegistryOptions = {}) {
  const registry = filled(options);
  return { registry, remote: openTestRemote(registry).remote };
}

test("putManifest() stores under a tag, or under the digest alone", async () => {
  const { registry, remote } = setUp();
  const bytes = manifestOf();
  const tagged = await putManifest(remote, APP, { bytes, mediaType, tag: "1.0" });
  assert.equal(tagged.digest, digestOf(bytes));
  assert.equal(registry.manifest(APP.path, "1.0")?.digest, tagged.digest);
  const other = manifestOf({ annotations: { other: "1" } });
  const { digest } = await putManifest(remote, APP, { bytes: other, mediaType });
  assert.deepEqual(registry.manifest(APP.path, digest)?.bytes, other);
  assert.deepEqual(registry.tags(APP.path), ["1.0"]);
});

test("putManifest() tells whether the registry will list a referrer", async () => {
  for (const referrers of [true, false]) {
    const { remote } = setUp({ referrers });
    const bytes = referTo(ABSENT_DIGEST, "test/kind");
    const { listsReferrers } = await putManifest(remote, APP, { bytes, mediaType });
    assert.equal(listsReferrers, referrers);
    const plain = await putManifest(remote, APP, { bytes: manifestOf(), mediaType });
    assert.equal(plain.listsReferrers, false);
  }
});

test("putManifest() refuses a registry that says it stored something else", async () => {
  const { remote } = setUp({
    fault: ({ method }, proceed) =>
      method === "PUT"
        ? { ...proceed(), headers: { "docker-content-digest": ABSENT_DIGEST } }
        : undefined,
  });
  await assert.rejects(putManifest(remote, APP, { bytes: manifestOf(), mediaType }), {
    failure: "invalid-answer",
    message: /it stored sha256:/u,
  });
});

test("putManifest() says what the registry has against it", async () => {
  const { remote } = setUp();
  const bytes = manifestOf({ layers: [{ mediaType: "x", size: 1, digest: ABSENT_DIGEST }] });
  await assert.rejects(putManifest(remote, APP, { bytes, mediaType }), {
    status: 400,
    registryCode: "MANIFEST_BLOB_UNKNOWN",
  });
});

test("putManifest() writes again where a link to a blob is being written by another", async () => {
  const { fault, set } = createSwitch();
  const { registry, remote } = setUp({ fault });
  const bytes = manifestOf();
  set(/^PUT/u, () => refuse(400, "DIGEST_INVALID", "provided digest did not match"), 2);
  const { digest } = await putManifest(remote, APP, { bytes, mediaType });
  assert.deepEqual(registry.manifest(APP.path, digest)?.bytes, bytes);
  assert.equal(remote.counters.retries, 2);

  set(/^PUT/u, () => refuse(400, "DIGEST_INVALID", "provided digest did not match"));
  await assert.rejects(putManifest(remote, APP, { bytes, mediaType }), {
    registryCode: "DIGEST_INVALID",
    attempts: DEFAULT_RETRY.attempts,
  });
  set(/^PUT/u, () => refuse(400, "MANIFEST_INVALID", "manifest invalid"));
  await assert.rejects(putManifest(remote, APP, { bytes, mediaType }), { attempts: 1 });
});

test("putManifest() asks before it writes again", async () => {
  const { fault, set } = createSwitch();
  const { remote } = setUp({ fault });
  set(/^PUT/u, () => refuse(503, "UNSUPPORTED", "not now"));
  const answers = [true, false];
  const repeatIf = () => Promise.resolve(answers.shift()!);
  await assert.rejects(putManifest(remote, APP, { bytes: manifestOf(), mediaType, repeatIf }), {
    status: 503,
    attempts: 2,
  });
});
