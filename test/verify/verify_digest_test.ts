import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_ATTACHMENT_BYTES } from "../../lib/base/limits.ts";
import { parseRepository } from "../../lib/reference/reference.ts";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { buildClaim } from "../../lib/signature/claim.ts";
import { buildSignStatement } from "../../lib/signature/statement.ts";
import { SIGNATURE_FORMATS } from "../../lib/signature/signature_format.ts";
import { verifyDigest, type VerifyOptions } from "../../lib/verify/verify_digest.ts";
import { APP, createKey, jsonBytes, putImage, sign, trust } from "../support/images.ts";
import { HOST, openTestRemote } from "../support/open_test_remote.ts";
import { legacyManifest, referrersOf } from "../support/stored_signatures.ts";
import { bundleOver, legacyLayer, putBundle, putLegacy } from "../support/write_signatures.ts";

const KEY = createKey();
const STRANGER = createKey();
const POLICY = trust([KEY]);

function setUp(referrers = true) {
  const registry = createMemoryRegistry({ referrers });
  const image = putImage(registry, "1.0");
  const { remote } = openTestRemote(registry);
  const verify = (options: Partial<VerifyOptions> = {}) =>
    verifyDigest(openTestRemote(registry).remote, APP, image.digest, {
      policy: POLICY,
      ...options,
    });
  const claim = buildClaim(`${HOST}/${APP.path}`, image.digest, {});
  const statement = buildSignStatement(image.digest, {});
  return { registry, image, remote, verify, claim, statement };
}

for (const referrers of [true, false]) {
  const how = `referrers API ${referrers ? "on" : "off"}`;

  for (const format of SIGNATURE_FORMATS) {
    test(`verifyDigest() verifies a ${format} signature (${how})`, async () => {
      const { image, remote, verify } = setUp(referrers);
      await sign(remote, image, { key: KEY, formats: [format] });
      const { kind, digest, signatures, reasons } = await verify();
      assert.deepEqual([kind, digest, reasons], ["verified", image.digest, []]);
      assert.deepEqual(signatures.map((one) => [one.format, one.verified]), [[format, true]]);
    });

    test(`verifyDigest() fails a ${format} signature by a stranger (${how})`, async () => {
      const { image, remote, verify } = setUp(referrers);
      await sign(remote, image, { key: STRANGER, formats: [format] });
      const { kind, signatures, reasons } = await verify();
      assert.equal(kind, "failed");
      assert.deepEqual(signatures.map((one) => one.verified), [false]);
      assert.deepEqual(reasons.map(({ code }) => code), ["signature-mismatch"]);
    });

    test(`verifyDigest() finds the good ${format} signature beside a stranger's (${how})`, async () => {
      for (const other of SIGNATURE_FORMATS) {
        const { image, remote, verify } = setUp(referrers);
        await sign(remote, image, { key: STRANGER, formats: [other] });
        await sign(remote, image, { key: KEY, formats: [format] });
        for (const first of [undefined, ...SIGNATURE_FORMATS]) {
          assert.equal((await verify({ first })).kind, "verified", `${other}, ${first} first`);
        }
      }
    });
  }

  test(`verifyDigest() says unsigned where there is no signature (${how})`, async () => {
    const { image, verify } = setUp(referrers);
    const verdict = await verify();
    assert.deepEqual([verdict.kind, verdict.digest], ["unsigned", image.digest]);
    assert.deepEqual(verdict.reasons.map(({ code }) => code), ["no-signature"]);
  });
}

test("verifyDigest() does not let a stranger's broken things hide a good signature", async () => {
  const { registry, image, remote, verify, claim, statement } = setUp();
  putBundle(registry, image, jsonBytes({}));
  putBundle(registry, image, new TextEncoder().encode("{"));
  putBundle(registry, image, await bundleOver(STRANGER, statement));
  putBundle(registry, image, await bundleOver(KEY, jsonBytes({})));
  putLegacy(registry, image.digest, [
    { payload: claim, annotations: {} },
    { ...await legacyLayer(KEY, jsonBytes({})), missing: true },
    { ...await legacyLayer(KEY, claim), size: MAX_ATTACHMENT_BYTES + 1 },
    await legacyLayer(STRANGER, claim),
  ]);
  assert.equal((await verify()).kind, "failed");
  await sign(remote, image, { key: KEY });
  assert.equal((await verify()).kind, "verified");
});

test("verifyDigest() does not fetch what is said to be too large", async () => {
  const { registry, image, verify, claim, statement } = setUp();
  const size = MAX_ATTACHMENT_BYTES + 1;
  putLegacy(registry, image.digest, [{ ...await legacyLayer(KEY, claim), size }]);
  putBundle(registry, image, await bundleOver(KEY, statement), { layer: { size } });
  registry.requests.clear();
  assert.deepEqual((await verify()).reasons.map(({ code }) => code), ["attachment-too-large"]);
  assert.ok(registry.requests.recent.every(({ path }) => !path.includes("/blobs/")));
});

test("verifyDigest() fetches nothing larger than it is told", async () => {
  for (const format of SIGNATURE_FORMATS) {
    const { registry, image, remote, verify } = setUp();
    await sign(remote, image, { key: KEY, formats: [format], annotations: { a: "1" } });
    const manifest = format === "legacy"
      ? legacyManifest(registry, image.digest)
      : (await referrersOf(registry, image.digest))[0];
    const { size } = manifest!.layers[0]!;
    assert.equal((await verify({ store: { maxAttachmentBytes: size } })).kind, "verified");
    const { kind, reasons } = await verify({ store: { maxAttachmentBytes: size - 1 } });
    assert.deepEqual([kind, reasons.map(({ code }) => code)], ["failed", ["attachment-too-large"]]);
    assert.match(reasons[0]!.message, new RegExp(`larger than ${size - 1} bytes`, "u"));
  }
});

test("verifyDigest() notes an attestation, which is no signature", async () => {
  const { registry, image, verify } = setUp();
  const attestation = jsonBytes({
    _type: "https://in-toto.io/Statement/v0.1",
    subject: [{ digest: { sha256: image.digest.slice(7) } }],
    predicateType: "https://spdx.dev/Document",
    predicate: {},
  });
  putBundle(registry, image, await bundleOver(KEY, attestation));
  const { kind, reasons } = await verify();
  assert.deepEqual([kind, reasons.map(({ code }) => code)], [
    "unsigned",
    ["no-signature", "attestation-only"],
  ]);
});

test("verifyDigest() believes a signed statement and not the manifest's annotations", async () => {
  // Marked as an attestation, and so not opened: its mark hides no signature of ours, which has none.
  const { registry, image, verify, statement } = setUp();
  putBundle(registry, image, await bundleOver(KEY, statement), {
    annotations: { "dev.sigstore.bundle.predicateType": "https://spdx.dev/Document" },
  });
  assert.equal((await verify()).kind, "unsigned");
  putBundle(registry, image, await bundleOver(KEY, statement));
  assert.equal((await verify()).kind, "verified");
});

test("verifyDigest() gives each reason once", async () => {
  const { registry, image, verify, claim } = setUp();
  const layer = await legacyLayer(STRANGER, claim);
  putLegacy(registry, image.digest, Array.from({ length: 50 }, () => layer));
  const { signatures, reasons } = await verify();
  assert.deepEqual([signatures.length, reasons.length], [50, 1]);
});

test("verifyDigest() stops at the first good signature unless it is to be exhaustive", async () => {
  const { registry, image, verify, claim } = setUp();
  const layer = await legacyLayer(KEY, claim);
  putLegacy(registry, image.digest, [layer, layer, await legacyLayer(STRANGER, claim)]);
  assert.equal((await verify()).signatures.length, 1);
  const all = await verify({ exhaustive: true });
  assert.deepEqual([all.kind, all.signatures.map(({ verified }) => verified)], [
    "verified",
    [true, true, false],
  ]);
});

test("verifyDigest() asks for no tag that is known not to be there", async () => {
  const { registry, image, remote } = setUp(false);
  const verify = () =>
    verifyDigest(remote, APP, image.digest, { policy: POLICY, tags: new Set(["1.0"]) });
  // The first image of a repository finds out whether there is a referrers API.
  assert.equal((await verify()).kind, "unsigned");
  registry.requests.clear();
  assert.equal((await verify()).kind, "unsigned");
  assert.deepEqual(registry.requests.recent, []);
});

test("verifyDigest() looks in another repository, and under prefixed tags", async () => {
  const { registry, image, remote, verify } = setUp(false);
  for (const format of SIGNATURE_FORMATS) {
    const store = { repository: parseRepository(`${HOST}/all/${format}`), tagPrefix: "old-" };
    await sign(remote, image, { key: KEY, formats: [format], store });
    assert.equal((await verify({ store })).kind, "verified");
    assert.equal((await verify()).kind, "unsigned");
  }
  assert.deepEqual(registry.tags("all/legacy"), [attachmentTag(image.digest, "sig", "old-")]);
  assert.deepEqual(registry.tags("all/bundle"), [referrersTag(image.digest)]);
});
