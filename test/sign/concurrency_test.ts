/** Several signers of one image at once: every signature is there in the end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { SIGNATURE_FORMATS, type SignatureFormat } from "../../lib/signature/signature_format.ts";
import { verifyDigest } from "../../lib/verify/verify_digest.ts";
import { APP, createKey, putImage, sign, trust } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { legacyManifest, referrersOf } from "../support/stored_signatures.ts";

const KEYS = Array.from({ length: 6 }, createKey);
const [KEY, OTHER] = KEYS as [typeof KEYS[0], typeof KEYS[0], ...typeof KEYS];

/** A registry without the referrers API, where signing changes tags in both formats. */
function setUp(format: SignatureFormat, onTag: (request: string) => Promise<void> | void) {
  let tag = "";
  const registry = createMemoryRegistry({
    referrers: false,
    async fault({ method, url }) {
      if (String(url).endsWith(`/manifests/${tag}`)) await onTag(method);
      return undefined;
    },
  });
  const image = putImage(registry, "1.0");
  tag = format === "legacy" ? attachmentTag(image.digest, "sig") : referrersTag(image.digest);
  const signAs = (key: typeof KEY) =>
    sign(openTestRemote(registry).remote, image, { key, formats: [format] });
  const count = async () =>
    format === "legacy"
      ? legacyManifest(registry, image.digest)!.layers.length
      : (await referrersOf(registry, image.digest)).length;
  const verifies = async (key: typeof KEY) => {
    const { remote } = openTestRemote(registry);
    return await verifyDigest(remote, APP, image.digest, { policy: trust([key]) });
  };
  const put = () => registry.manifest(APP.path, tag)!.digest;
  const overwrite = (digest: typeof image.digest) => registry.setTag(APP.path, tag, digest);
  return { registry, signAs, count, verifies, put, overwrite };
}

for (const format of SIGNATURE_FORMATS) {
  test(`signDigest() keeps a signature made just before it writes (${format})`, async () => {
    let begun = false;
    const { signAs, count, verifies } = setUp(format, async (request) => {
      // The first HEAD of the first signer: it has read the tag, and is about to write.
      if (request !== "HEAD" || begun) return;
      begun = true;
      await signAs(OTHER);
    });
    await signAs(KEY);
    assert.ok(begun);
    assert.equal(await count(), 2);
    for (const key of [KEY, OTHER]) assert.equal((await verifies(key)).kind, "verified");
  });

  test(`signDigest() repairs its signature that another overwrites (${format})`, async () => {
    let stale: Parameters<ReturnType<typeof setUp>["overwrite"]>[0] | undefined;
    let written = 0;
    const { signAs, count, verifies, put, overwrite } = setUp(format, (request) => {
      // The other has read the tag before us and writes after: ours is gone when we read back.
      if (request === "PUT") written++;
      else if (written === 1 && stale !== undefined) {
        overwrite(stale);
        stale = undefined;
      }
    });
    await signAs(OTHER);
    stale = put();
    written = 0;
    await signAs(KEY);
    assert.equal(stale, undefined);
    assert.ok(written >= 2, "it was written again");
    assert.equal(await count(), 2);
    for (const key of [KEY, OTHER]) assert.equal((await verifies(key)).kind, "verified");
  });

  test(`signDigest() by many signers in step loses no signature (${format})`, async () => {
    const { signAs, count, verifies } = setUp(format, () => {});
    await Promise.all(KEYS.map(signAs));
    assert.equal(await count(), KEYS.length);
    for (const key of KEYS) assert.equal((await verifies(key)).kind, "verified");
  });
}

test("signDigest() by many signers of bundles is safe where the registry lists referrers", async () => {
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  await Promise.all(KEYS.map((key) => sign(openTestRemote(registry).remote, image, { key })));
  assert.equal((await referrersOf(registry, image.digest)).length, KEYS.length);
  assert.deepEqual(registry.tags(APP.path), ["1.0"]);
});
