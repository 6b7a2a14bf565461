import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { MAX_MANIFEST_BYTES } from "../../lib/base/limits.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { fetchManifest } from "../../lib/registry/fetch_manifest.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry, type Fault, type MemoryAnswer } from "../../lib/registry/memory.ts";
import { answer } from "../../lib/registry/memory_answer.ts";
import type { Remote } from "../../lib/registry/remote.ts";
import { ABSENT_DIGEST } from "../support/memory_registry.ts";
import { APP, putImage } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

function setUp(fault?: Fault): { remote: Remote; image: ReturnType<typeof putImage> } {
  const registry = createMemoryRegistry(fault === undefined ? {} : { fault });
  const image = putImage(registry, "1.0");
  return { image, remote: openTestRemote(registry).remote };
}

/** Bend the answers to GET of manifests. */
function bend(change: (right: MemoryAnswer) => MemoryAnswer): Fault {
  return ({ method, url }, proceed) =>
    method === "GET" && String(url).includes("/manifests/") ? change(proceed()) : undefined;
}

test("fetchManifest() fetches by tag and by digest, with the digest that the bytes hash to", async () => {
  const { remote, image } = setUp();
  for (const reference of ["1.0", image.digest]) {
    const manifest = await fetchManifest(remote, APP, reference);
    assert.equal(manifest?.digest, image.digest);
    assert.equal(manifest?.mediaType, MEDIA_TYPES.ociManifest);
    assert.equal(digestOf(manifest.bytes), image.digest);
  }
});

test("fetchManifest() gives nothing where the registry says that there is none", async () => {
  const { remote } = setUp();
  assert.equal(await fetchManifest(remote, APP, "2.0"), undefined);
  assert.equal(await fetchManifest(remote, APP, ABSENT_DIGEST), undefined);
  assert.equal(await fetchManifest(remote, { ...APP, path: "no/such" }, "1.0"), undefined);
});

test("fetchManifest() does not believe a 404 that is no registry's", async () => {
  const bodies = ["404 page not found", "<html>no backend</html>", "", "{}", '{"errors":[]}'];
  for (const body of bodies) {
    const { remote } = setUp(bend(() => answer(404, {}, encodeText(body))));
    await assert.rejects(fetchManifest(remote, APP, "1.0"), {
      failure: "invalid-answer",
      status: 404,
    }, body);
  }
});

test("fetchManifest() refuses bytes that do not hash to the digest asked for", async () => {
  const tampered = bend((right) => ({ ...right, body: encodeText("tampered") }));
  const { remote, image } = setUp(tampered);
  await assert.rejects(fetchManifest(remote, APP, image.digest), {
    failure: "invalid-answer",
    message: /the bytes hash to sha256:/u,
  });
});

test("fetchManifest() finds out a body by tag that is not what the registry names", async () => {
  const short = bend((right) => ({ ...right, body: right.body.subarray(0, 20) }));
  const { remote } = setUp(short);
  await assert.rejects(fetchManifest(remote, APP, "1.0"), { failure: "invalid-answer" });
});

test("fetchManifest() does not believe the digest that a registry names for another", async () => {
  // Asked for by digest, the header is of no account: the bytes are hashed.
  const lying = bend((right) => ({
    ...right,
    headers: { ...right.headers, "docker-content-digest": ABSENT_DIGEST },
  }));
  const { remote, image } = setUp(lying);
  assert.equal((await fetchManifest(remote, APP, image.digest))?.digest, image.digest);
  await assert.rejects(fetchManifest(remote, APP, "1.0"), { failure: "invalid-answer" });
});

test("fetchManifest() hashes the bytes where the registry names no digest", async () => {
  const bare = bend(({ status, body }) => ({ status, body, headers: {} }));
  const { remote, image } = setUp(bare);
  const manifest = await fetchManifest(remote, APP, "1.0");
  assert.deepEqual([manifest?.digest, manifest?.mediaType], [image.digest, ""]);
});

test("fetchManifest() refuses a manifest that is too large", async () => {
  const body = new Uint8Array(MAX_MANIFEST_BYTES + 1);
  const { remote } = setUp(bend(() => answer(200, {}, body)));
  await assert.rejects(fetchManifest(remote, APP, "1.0"), { failure: "invalid-answer" });
});

test("fetchManifest() does not take a page of a portal for an image", async () => {
  for (const body of ["<html>Sign in</html>", "", "OK", "[]", "null"]) {
    const { remote } = setUp(bend(() => answer(200, {}, encodeText(body))));
    await assert.rejects(fetchManifest(remote, APP, "1.0"), { failure: "invalid-answer" }, body);
  }
});
