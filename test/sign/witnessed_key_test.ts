import assert from "node:assert/strict";
import { test } from "node:test";
import { LEGACY_ANNOTATIONS } from "../../lib/signature/read_legacy.ts";
import { openSigner } from "../../lib/sign/open_signer.ts";
import type { ContentSigner } from "../../lib/sign/signer.ts";
import { rememberSignatures } from "../../lib/sign/remember_signatures.ts";
import { attestDigest } from "../../lib/sign/attest_digest.ts";
import { SIGNATURE_FORMATS } from "../../lib/signature/signature_format.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { encodeText } from "../../lib/base/bytes.ts";
import { FULCIO, openFakeSigstore, REKOR1, TSA } from "../support/fake_sigstore.ts";
import { APP, createKey, putImage, sign } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { legacyManifest } from "../support/stored_signatures.ts";
import { createTestClock } from "../support/test_clock.ts";
import { aliceToken } from "../support/fake_sigstore.ts";
import { parseIdentityToken } from "../../lib/sign/identity_token.ts";

const KEY = createKey();
const WITNESSED = { logs: [{ url: REKOR1, version: 1 }], timestampAuthorities: [TSA] } as const;

function open(by: "key" | "token" = "key") {
  const clock = createTestClock();
  const sigstore = openFakeSigstore(clock);
  const token = () => Promise.resolve(parseIdentityToken(aliceToken(clock.now()), clock.now()));
  const signer: ContentSigner = openSigner({
    services: sigstore.services,
    selected: { ...WITNESSED, fulcioUrl: FULCIO },
    by: by === "key" ? { key: KEY } : { token },
    clock,
  });
  return { sigstore, signer };
}

for (const referrers of [true, false]) {
  test(`what is signed and witnessed is not signed again, ${referrers ? "with" : "without"} referrers`, async () => {
    const registry = createMemoryRegistry({ referrers });
    const { remote } = openTestRemote(registry);
    const image = putImage(registry, "1.0");
    const { sigstore, signer } = open();
    const formats = SIGNATURE_FORMATS;
    const all = (outcome: string) => ({ bundle: outcome, legacy: outcome });
    // By the key alone it is not as good, and by the witnessed key it is as good for the key alone.
    assert.deepEqual(await sign(remote, image, { key: KEY, formats }), all("signed"));
    assert.deepEqual(await sign(remote, image, { key: signer, formats }), all("signed"));
    assert.equal(sigstore.services.counters.logEntries, 2);
    assert.deepEqual(await sign(remote, image, { key: signer, formats }), all("already-signed"));
    assert.deepEqual(await sign(remote, image, { key: KEY, formats }), all("already-signed"));
    assert.equal(sigstore.services.counters.logEntries, 2);
  });
}

test("what is attested and witnessed is not attested again", async () => {
  const registry = createMemoryRegistry();
  const { remote } = openTestRemote(registry);
  const image = putImage(registry, "1.0");
  const { sigstore, signer } = open();
  const statement = encodeText(JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256: image.digest.slice(7) } }],
    predicateType: "https://example.test/v1",
    predicate: {},
  }));
  const attest = () =>
    attestDigest(remote, APP, image, { statement, predicateType: "https://example.test/v1" }, {
      key: rememberSignatures(signer),
      formats: SIGNATURE_FORMATS,
      clock: createTestClock(),
      random: () => 0.5,
    });
  assert.deepEqual(await attest(), { bundle: "signed", legacy: "signed" });
  assert.equal(sigstore.services.counters.logEntries, 1);
  assert.deepEqual(await attest(), { bundle: "already-signed", legacy: "already-signed" });
  assert.equal(sigstore.services.counters.logEntries, 1);
});

test("without a key each run signs anew, and keeps what is there", async () => {
  const registry = createMemoryRegistry();
  const { remote } = openTestRemote(registry);
  const image = putImage(registry, "1.0");
  const { signer } = open("token");
  for (let count = 1; count <= 2; count++) {
    const outcomes = await sign(remote, image, { key: signer, formats: SIGNATURE_FORMATS });
    assert.deepEqual(outcomes, { bundle: "signed", legacy: "signed" });
    const { layers } = legacyManifest(registry, image.digest)!;
    assert.equal(layers.length, count);
    const { annotations = {} } = layers.at(-1)!;
    assert.match(annotations[LEGACY_ANNOTATIONS.certificate]!, /^-----BEGIN CERTIFICATE-----/u);
    assert.match(annotations[LEGACY_ANNOTATIONS.chain]!, /^-----BEGIN CERTIFICATE-----/u);
    assert.match(annotations[LEGACY_ANNOTATIONS.bundle]!, /^\{"SignedEntryTimestamp":"AQID"/u);
    assert.match(annotations[LEGACY_ANNOTATIONS.timestamp]!, /^\{"SignedRFC3161Timestamp":"/u);
  }
});

test("a dry run asks no service", async () => {
  const registry = createMemoryRegistry();
  const { remote } = openTestRemote(registry);
  const image = putImage(registry, "1.0");
  const { sigstore, signer } = open("token");
  const outcomes = await sign(remote, image, {
    key: signer,
    formats: SIGNATURE_FORMATS,
    dryRun: true,
  });
  assert.deepEqual(outcomes, { bundle: "to-sign", legacy: "to-sign" });
  assert.deepEqual(sigstore.requests, []);
});

test("a service that fails leaves nothing in the registry", async () => {
  for (const host of ["fulcio.test", "rekor1.test", "tsa.test"]) {
    const registry = createMemoryRegistry();
    const { remote } = openTestRemote(registry);
    const image = putImage(registry, "1.0");
    const { sigstore, signer } = open("token");
    sigstore.changes.set(host, () => ({}));
    if (host === "tsa.test") sigstore.timestamp.status = 2;
    await assert.rejects(sign(remote, image, { key: signer, formats: SIGNATURE_FORMATS }));
    assert.deepEqual(registry.tags(APP.path), ["1.0"]);
  }
});
