import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry, type Fault } from "../../lib/registry/memory.ts";
import { answer } from "../../lib/registry/memory_answer.ts";
import { resolveDigest } from "../../lib/registry/resolve_digest.ts";
import { ABSENT_DIGEST } from "../support/memory_registry.ts";
import { APP, putImage } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

function setUp(fault?: Fault) {
  const registry = createMemoryRegistry(fault === undefined ? {} : { fault });
  const image = putImage(registry, "1.0");
  const { remote } = openTestRemote(registry);
  const asked = () =>
    registry.requests.recent.filter(({ path }) => path !== "/v2/").map(({ method }) => method);
  return { image, remote, asked };
}

test("resolveDigest() asks with HEAD only", async () => {
  const { remote, image, asked } = setUp();
  assert.deepEqual(await resolveDigest(remote, APP, "1.0"), image);
  assert.deepEqual(await resolveDigest(remote, APP, image.digest), image);
  assert.deepEqual(asked(), ["HEAD", "HEAD"]);
});

test("resolveDigest() fetches the manifest where HEAD does not name the digest", async () => {
  const { remote, image, asked } = setUp(({ method }, proceed) => {
    if (method !== "HEAD") return undefined;
    const { status, body } = proceed();
    return { status, body, headers: { "content-type": MEDIA_TYPES.ociManifest } };
  });
  assert.deepEqual(await resolveDigest(remote, APP, "1.0"), image);
  assert.deepEqual(asked(), ["HEAD", "GET"]);
});

test("resolveDigest() fetches the manifest where HEAD names a digest of another kind", async () => {
  const { remote, image } = setUp(({ method }, proceed) =>
    method === "HEAD"
      ? { ...proceed(), headers: { "docker-content-digest": `sha512:${"0".repeat(128)}` } }
      : undefined
  );
  assert.deepEqual(await resolveDigest(remote, APP, "1.0"), image);
});

test("resolveDigest() gives nothing only where GET says so in a registry's words", async () => {
  const { remote, asked } = setUp();
  assert.equal(await resolveDigest(remote, APP, "2.0"), undefined);
  assert.equal(await resolveDigest(remote, APP, ABSENT_DIGEST), undefined);
  assert.deepEqual(asked(), ["HEAD", "GET", "HEAD", "GET"]);
  const ingress = setUp(() => answer(404, {}, encodeText("no backend")));
  await assert.rejects(resolveDigest(ingress.remote, APP, "1.0"), { failure: "invalid-answer" });
});

test("resolveDigest() believes GET where HEAD alone says 404", async () => {
  const { remote, image } = setUp(({ method }) => method === "HEAD" ? answer(404, {}) : undefined);
  assert.deepEqual(await resolveDigest(remote, APP, "1.0"), image);
});
