/** What is listed as a referrer of an image, and is not there. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { referrersTag } from "../../lib/reference/triangulate.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { refuse } from "../../lib/registry/memory_answer.ts";
import { BUNDLE_MEDIA_TYPE, PREDICATE_TYPE_ANNOTATION } from "../../lib/signature/bundle.ts";
import { SIGN_PREDICATE_TYPE } from "../../lib/signature/statement.ts";
import { verifyDigest, type VerifyOptions } from "../../lib/verify/verify_digest.ts";
import { createSwitch } from "../support/faults.ts";
import { APP, createKey, jsonBytes, putImage, sign, trust } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

const KEY = createKey();
const SBOM = "https://spdx.dev/Document";

/** An image with what its registry lists, and a switch that takes away what is listed. */
function setUp(referrers: boolean) {
  const { fault, set } = createSwitch();
  const registry = createMemoryRegistry({ referrers, fault });
  const image = putImage(registry, "1.0");
  const { remote } = openTestRemote(registry);
  return {
    registry,
    image,
    sign: () => sign(remote, image, { key: KEY }),
    takeAway: (pattern: RegExp) => set(pattern, () => refuse(404, "MANIFEST_UNKNOWN", "gone")),
    verify: async (options: Partial<VerifyOptions> = {}) => {
      const verdict = await verifyDigest(openTestRemote(registry).remote, APP, image.digest, {
        policy: trust([KEY]),
        ...options,
      });
      return { ...verdict, codes: verdict.reasons.map(({ code }) => code) };
    },
  };
}

const MANIFEST = /^GET .*\/manifests\/sha256:/u;

test("verifyDigest() calls an image unsigned whose fallback tag lists a signature that is gone", async () => {
  const { sign, takeAway, verify } = setUp(false);
  await sign();
  takeAway(MANIFEST);
  const { kind, codes, reasons } = await verify();
  assert.deepEqual([kind, codes], ["unsigned", ["no-signature", "signature-missing"]]);
  assert.match(reasons[1]!.message, /sha256:[0-9a-f]{64} is listed and does not exist/u);
});

test("verifyDigest() cannot tell of an image whose registry itself lists a signature and lacks it", async () => {
  const { sign, takeAway, verify } = setUp(true);
  await sign();
  takeAway(MANIFEST);
  const verdict = await verify();
  assert.equal(verdict.kind, "unknown");
  assert.deepEqual(verdict.codes, ["registry-answer-invalid", "signature-missing"]);
  assert.deepEqual([verdict.evidence!.status, verdict.evidence!.attempts], [404, 1]);
  assert.match(
    verdict.evidence!.request,
    /^GET localhost:5000\/v2\/team\/app\/manifests\/sha256:/u,
  );
});

test("verifyDigest() lets no missing referrer hide a good signature", async () => {
  for (const referrers of [true, false]) {
    const { registry, image, sign, verify } = setUp(referrers);
    await sign();
    const digest = `sha256:${"0".repeat(64)}` as const;
    const stored = registry.manifest(APP.path, referrersTag(image.digest));
    const { manifests } = JSON.parse(
      new TextDecoder().decode(stored?.bytes ?? jsonBytes({ manifests: [] })),
    ) as { readonly manifests: readonly unknown[] };
    const missing = { mediaType: MEDIA_TYPES.ociManifest, size: 1, digest };
    const index = jsonBytes({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: [missing, ...manifests],
    });
    registry.putManifest(APP.path, index, MEDIA_TYPES.ociIndex, referrersTag(image.digest));
    assert.equal((await verify()).kind, "verified");
    assert.equal((await verify({ exhaustive: true })).kind, "verified");
  }
});

test("verifyDigest() does not take what is listed as something else for a missing signature", async () => {
  const entries: readonly (readonly [Readonly<Record<string, unknown>>, boolean])[] = [
    [{}, true],
    [{ artifactType: "" }, true],
    [{ artifactType: MEDIA_TYPES.ociEmpty }, true],
    [{ artifactType: BUNDLE_MEDIA_TYPE }, true],
    [{ annotations: { [PREDICATE_TYPE_ANNOTATION]: SIGN_PREDICATE_TYPE } }, true],
    [
      { artifactType: BUNDLE_MEDIA_TYPE, annotations: { [PREDICATE_TYPE_ANNOTATION]: SBOM } },
      false,
    ],
    [{ artifactType: "application/spdx+json" }, false],
  ];
  for (const [more, mayBeSignature] of entries) {
    const { registry, image, verify } = setUp(false);
    const digest = `sha256:${"0".repeat(64)}`;
    const index = jsonBytes({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: [{ mediaType: MEDIA_TYPES.ociManifest, size: 1, digest, ...more }],
    });
    registry.putManifest(APP.path, index, MEDIA_TYPES.ociIndex, referrersTag(image.digest));
    const { kind, codes } = await verify();
    const expected = mayBeSignature ? ["no-signature", "signature-missing"] : ["no-signature"];
    assert.deepEqual([kind, codes], ["unsigned", expected], JSON.stringify(more));
  }
});

test("verifyDigest() fails an image whose signature is there without its bundle", async () => {
  for (const referrers of [true, false]) {
    const { sign, takeAway, verify } = setUp(referrers);
    await sign();
    takeAway(/\/blobs\//u);
    const { kind, codes } = await verify();
    assert.deepEqual([kind, codes], ["failed", ["signature-missing"]]);
  }
});
