import assert from "node:assert/strict";
import { test } from "node:test";
import { referrersTag } from "../../lib/reference/triangulate.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { putReferrer } from "../../lib/registry/put_referrer.ts";
import { APP, putImage } from "../support/images.ts";
import { EMPTY, HELLO, referTo } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

function setUp() {
  const registry = createMemoryRegistry({ referrers: false });
  const { digest } = putImage(registry, "1.0");
  for (const blob of [EMPTY, HELLO]) registry.putBlob(APP.path, blob);
  const { remote, clock } = openTestRemote(registry);
  const put = () =>
    putReferrer(remote, APP, {
      bytes: referTo(digest, "test/kind"),
      mediaType: MEDIA_TYPES.ociManifest,
      subject: digest,
      clock,
      random: () => 0.5,
    });
  return { registry, digest, put };
}

test("putReferrer() lists what it stores under the fallback tag, once", async () => {
  const { registry, digest, put } = setUp();
  const stored = await put();
  await put();
  const { bytes, mediaType } = registry.manifest(APP.path, referrersTag(digest))!;
  const { manifests } = JSON.parse(new TextDecoder().decode(bytes)) as {
    readonly manifests: readonly { readonly digest: string }[];
  };
  assert.equal(mediaType, MEDIA_TYPES.ociIndex);
  assert.deepEqual(manifests.map((one) => one.digest), [stored]);
});

test("putReferrer() leaves the fallback tag where it names the image itself, and says why", async () => {
  const { registry, digest, put } = setUp();
  registry.setTag(APP.path, referrersTag(digest), digest);
  await assert.rejects(put(), {
    code: "MALFORMED",
    message: /names the image itself, as cosign copy/u,
  });
  assert.equal(registry.manifest(APP.path, referrersTag(digest))?.digest, digest);
});
