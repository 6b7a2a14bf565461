/** Legacy signatures as referrers, over several payloads or a given one, and with a time. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { parsePrivateKey } from "../../lib/keys/private_key.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import type { SignOptions } from "../../lib/sign/signing_job.ts";
import { buildClaim } from "../../lib/signature/claim.ts";
import { SIGNATURE_FORMATS } from "../../lib/signature/signature_format.ts";
import { verifyDigest } from "../../lib/verify/verify_digest.ts";
import { APP, createKey, putImage, sign, trust } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import {
  blobText,
  countWrites,
  fallbackIndex,
  legacyManifest,
  referrersOf,
} from "../support/stored_signatures.ts";

const KEY = createKey();
const OTHER = createKey();

function setUp(referrers = false) {
  const registry = createMemoryRegistry({ referrers });
  const image = putImage(registry, "1.0");
  const signAs = async (options: Partial<SignOptions> = {}) => {
    const { remote } = openTestRemote(registry);
    const outcomes = await sign(remote, image, { key: KEY, formats: ["legacy"], ...options });
    return outcomes.legacy;
  };
  const verify = async (key = KEY) =>
    (await verifyDigest(openTestRemote(registry).remote, APP, image.digest, {
      policy: trust([key]),
    })).kind;
  return { registry, image, signAs, verify };
}

const LEGACY_TYPE = "application/vnd.dev.cosign.artifact.sig.v1+json";

for (const referrers of [true, false]) {
  const how = `referrers API ${referrers ? "on" : "off"}`;

  test(`signDigest() stores a legacy signature as a referrer with the bytes of cosign 3 (${how})`, async () => {
    const { registry, image, signAs, verify } = setUp(referrers);
    assert.equal(await signAs({ legacyReferrers: true }), "signed");
    const [stored] = await referrersOf(registry, image.digest);
    const [layer] = stored!.layers;
    const { mediaType, size, digest } = image;
    assert.equal(
      JSON.stringify(stored),
      JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: { mediaType: LEGACY_TYPE, size: 233, digest: stored!.config.digest },
        layers: [{
          mediaType: "application/vnd.dev.cosign.simplesigning.v1+json",
          size: layer!.size,
          digest: digestOf(buildClaim("localhost:5000/team/app", digest, {})),
          annotations: layer!.annotations,
        }],
        subject: { mediaType, size, digest },
        artifactType: LEGACY_TYPE,
      }),
    );
    assert.deepEqual(Object.keys(layer!.annotations!), ["dev.cosignproject.cosign/signature"]);
    assert.match(await blobText(registry, stored!.config.digest), /^\{"architecture":"",/u);
    assert.equal(legacyManifest(registry, digest), undefined, "nothing under the legacy tag");
    assert.equal(await verify(), "verified");
    if (!referrers) {
      const [entry] = fallbackIndex(registry, digest)!.manifests;
      assert.equal(entry!.artifactType, LEGACY_TYPE);
    }
  });

  test(`signDigest() stores one such referrer a key, and none in a dry run (${how})`, async () => {
    const { registry, image, signAs, verify } = setUp(referrers);
    assert.equal(await signAs({ legacyReferrers: true, dryRun: true }), "to-sign");
    assert.equal(await signAs({ legacyReferrers: true }), "signed");
    assert.equal(await signAs({ legacyReferrers: true, key: OTHER }), "signed");
    assert.equal(await signAs({ formats: ["bundle"] }), undefined);
    const count = (await referrersOf(registry, image.digest)).length;
    assert.equal(count, 3);
    registry.requests.clear();
    for (const dryRun of [true, false]) {
      assert.equal(await signAs({ legacyReferrers: true, dryRun }), "already-signed");
      assert.equal(await signAs({ legacyReferrers: true, dryRun, key: OTHER }), "already-signed");
    }
    assert.equal(countWrites(registry), 0);
    const annotations = { env: "prod" };
    assert.equal(await signAs({ legacyReferrers: true, annotations }), "signed");
    assert.equal((await referrersOf(registry, image.digest)).length, count + 1);
    assert.equal(await verify(OTHER), "verified");
  });
}

test("signDigest() stores legacy referrers in Docker's media types where asked to", async () => {
  const { registry, image, signAs, verify } = setUp();
  await signAs({ legacyReferrers: true, dockerMediaTypes: true });
  const [stored] = await referrersOf(registry, image.digest);
  assert.deepEqual([stored!.mediaType, stored!.config.mediaType], [
    "application/vnd.docker.distribution.manifest.v2+json",
    LEGACY_TYPE,
  ]);
  assert.equal(await verify(), "verified");
});

test("signDigest() signs one payload for each docker-reference, each once", async () => {
  const { registry, image, signAs, verify } = setUp();
  const dockerReference = ["registry.example/a:1", "mirror.example/b"];
  const tags = new Set<string>();
  assert.equal(await signAs({ dockerReference: dockerReference.slice(0, 1), tags }), "signed");
  assert.equal(await signAs({ dockerReference }), "signed");
  assert.equal(await signAs({ dockerReference, dryRun: true }), "already-signed");
  assert.equal(await signAs({ dockerReference }), "already-signed");
  const digests = legacyManifest(registry, image.digest)!.layers.map(({ digest }) => digest);
  const expected = dockerReference.map((name) => digestOf(buildClaim(name, image.digest, {})));
  assert.deepEqual(digests, expected);
  assert.equal(await verify(), "verified");
});

test("signDigest() loses none of several payloads where the tag is known to be absent", async () => {
  const { registry, image, signAs } = setUp();
  const dockerReference = ["a.example/a", "b.example/b", "c.example/c"];
  await signAs({ dockerReference, tags: new Set() });
  assert.equal(legacyManifest(registry, image.digest)!.layers.length, 3);
});

test("signDigest() signs the payload that it is given, byte for byte", async () => {
  for (const legacyReferrers of [true, false]) {
    const { registry, image, signAs, verify } = setUp();
    const claim = decodeText(buildClaim("r.example/x", image.digest, {}));
    const payload = encodeText(` ${claim.replace('"optional":null', '"optional":{},"more":1')}\n`);
    assert.equal(await signAs({ payload, legacyReferrers }), "signed");
    const manifest = legacyReferrers
      ? (await referrersOf(registry, image.digest))[0]
      : legacyManifest(registry, image.digest);
    assert.equal(await blobText(registry, manifest!.layers[0]!.digest), decodeText(payload));
    assert.equal(await signAs({ payload, legacyReferrers }), "already-signed");
    assert.equal(await verify(), "verified");
  }
});

test("signDigest() records when a legacy manifest was made where asked to, as Go writes times", async () => {
  const times: readonly (readonly [Date, string])[] = [
    [new Date(1_600_000_000_000), "2020-09-13T12:26:40Z"],
    [new Date(1_600_000_000_120), "2020-09-13T12:26:40.12Z"],
    [new Date(1_600_000_000_007), "2020-09-13T12:26:40.007Z"],
    [new Date(1_599_999_960_000), "2020-09-13T12:26:00Z"],
  ];
  for (const [created, text] of times) {
    for (const legacyReferrers of [true, false]) {
      const { registry, image, signAs } = setUp();
      await signAs({ created, legacyReferrers });
      const manifest = legacyReferrers
        ? (await referrersOf(registry, image.digest))[0]
        : legacyManifest(registry, image.digest);
      const config = await blobText(registry, manifest!.config.digest);
      assert.ok(
        config.startsWith(
          `{"architecture":"","created":"${text}","history":[{"created":"0001-01-01T00:00:00Z"}],`,
        ),
        config,
      );
    }
  }
});

test("signDigest() signs with every kind of key what verifyDigest() verifies, in both formats", async () => {
  const kinds = [
    ...["P-256", "P-384", "P-521"].map((namedCurve) => generateKeyPairSync("ec", { namedCurve })),
    ...[2048, 3072, 4096].map((modulusLength) => generateKeyPairSync("rsa", { modulusLength })),
    generateKeyPairSync("ed25519"),
  ];
  for (const { privateKey } of kinds) {
    const pkcs8 = privateKey.export({ type: "pkcs8", format: "der" });
    const key = parsePrivateKey(new Uint8Array(pkcs8));
    for (const format of SIGNATURE_FORMATS) {
      const { registry, image, signAs, verify } = setUp();
      await signAs({ key, formats: [format] });
      const tag = format === "legacy"
        ? attachmentTag(image.digest, "sig")
        : referrersTag(image.digest);
      assert.ok(registry.tags(APP.path).includes(tag));
      assert.equal(await verify(key), "verified", `${key.algorithm} ${format}`);
      assert.equal(await verify(), "failed");
    }
  }
});
