import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { parseIdentityToken } from "../../lib/sign/identity_token.ts";
import { openSigner, type SignerOptions } from "../../lib/sign/open_signer.ts";
import { ServiceError } from "../../lib/sign/service_error.ts";
import type { Content, ContentSigner } from "../../lib/sign/signer.ts";
import {
  aliceToken,
  anotherKey,
  answer,
  type FakeSigstore,
  FULCIO,
  openFakeSigstore,
  REKOR1,
  REKOR2,
  TSA,
} from "../support/fake_sigstore.ts";
import { createTestClock, type TestClock } from "../support/test_clock.ts";

const CONTENT: Content = { kind: "payload", bytes: encodeText("payload") };

const SELECTED = {
  fulcioUrl: FULCIO,
  logs: [{ url: REKOR1, version: 1 }],
  timestampAuthorities: [],
} as const;

interface World {
  readonly clock: TestClock;
  readonly sigstore: FakeSigstore;
  readonly signer: ContentSigner;
}

function open(options: Partial<SignerOptions> = {}): World {
  const clock = createTestClock();
  const sigstore = openFakeSigstore(clock);
  const signer = openSigner({
    services: sigstore.services,
    selected: SELECTED,
    by: {
      token: () => Promise.resolve(parseIdentityToken(aliceToken(clock.now()), clock.now())),
    },
    clock,
    ...options,
  });
  return { clock, sigstore, signer };
}

test("one certificate serves many signatures, also those made at once", async () => {
  const { sigstore, signer } = open();
  const signed = await Promise.all(Array.from({ length: 20 }, () => signer.sign(CONTENT)));
  const { certificates, logEntries } = sigstore.services.counters;
  assert.deepEqual({ certificates, logEntries }, { certificates: 1, logEntries: 20 });
  for (const { material } of signed) assert.equal(material.signer.kind, "certificate");
});

test("a certificate is renewed before it expires, with another key", async () => {
  const { clock, sigstore, signer } = open();
  const first = await signer.sign(CONTENT);
  clock.pass(sigstore.life * 0.7);
  const second = await signer.sign(CONTENT);
  clock.pass(sigstore.life * 0.15);
  const third = await signer.sign(CONTENT);
  assert.deepEqual(first.material.signer, second.material.signer);
  assert.notDeepEqual(second.material.signer, third.material.signer);
  assert.equal(sigstore.services.counters.certificates, 2);
});

test("the log's budget is waited for before a signature is made, never after", async () => {
  const { clock, sigstore, signer } = open({ logRate: 2 });
  // At this rate the wait for all of them is longer than a certificate lives.
  sigstore.life = 3000;
  for (let count = 0; count < 10; count++) {
    const begun = clock.now();
    const { material } = await signer.sign(CONTENT);
    const [entry] = material.logEntries;
    assert.ok(count === 0 || clock.now() - begun >= 500);
    assert.equal(Number(entry!.integratedTime), Math.floor(clock.now() / 1000));
  }
  assert.ok(clock.sleeps.every((sleep) => sleep <= 500));
  assert.equal(sigstore.services.counters.certificates, 2);
});

test("without a bound nothing is waited for", async () => {
  const { clock, signer } = open({ logRate: 0 });
  for (let count = 0; count < 50; count++) await signer.sign(CONTENT);
  assert.deepEqual(clock.sleeps, []);
});

test("a signature whose witness came too late for its certificate is made anew", async () => {
  const { clock, sigstore, signer } = open();
  let entries = 0;
  sigstore.intercept = ({ url }) => {
    // The log takes longer than the first certificate lives.
    if (url.host === "rekor1.test" && entries++ === 0) clock.pass(sigstore.life + 1000);
    return undefined;
  };
  const { material } = await signer.sign(CONTENT);
  assert.equal(material.logEntries.length, 1);
  assert.equal(sigstore.services.counters.certificates, 2);
});

test("times that no certificate fits are an error, and nothing is signed for ever", async () => {
  const { sigstore, signer } = open();
  sigstore.skew = 3_600_000;
  await assert.rejects(signer.sign(CONTENT), { code: "SERVICE", failure: "invalid-answer" });
  assert.equal(sigstore.services.counters.certificates, 3);
});

test("a file that comes as a stream is not signed twice", async () => {
  const { sigstore, signer } = open();
  sigstore.skew = 3_600_000;
  const pieces = (async function* () {
    yield await Promise.resolve(encodeText("a"));
  })();
  await assert.rejects(signer.sign({ kind: "file", pieces }), ServiceError);
  assert.equal(sigstore.services.counters.certificates, 1);
});

test("a certificate for another key is refused, and the next signature asks anew", async () => {
  const { sigstore, signer } = open();
  sigstore.otherKey = anotherKey();
  await assert.rejects(signer.sign(CONTENT), { code: "SERVICE", message: /another key/u });
  sigstore.otherKey = undefined;
  await signer.sign(CONTENT);
});

test("an answer without certificates, or with what is none, is refused", async () => {
  for (
    const certificates of [[], ["no PEM"], [
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ]]
  ) {
    const { sigstore, signer } = open();
    sigstore.changes.set(
      "fulcio.test",
      () => ({ signedCertificateEmbeddedSct: { chain: { certificates } } }),
    );
    await assert.rejects(signer.sign(CONTENT), /Cannot/u);
    assert.equal(sigstore.services.counters.certificates, 0);
  }
});

test("Fulcio is asked with the token as bearer and a proof over the subject", async () => {
  const { sigstore, signer } = open();
  await signer.sign(CONTENT);
  const { url, headers } = sigstore.last.get("fulcio.test")!;
  assert.equal(url.href, `${FULCIO}/api/v2/signingCert`);
  assert.match(headers["authorization"]!, /^Bearer eyJ/u);
});

test("a token that Fulcio refuses and echoes is in no error", async () => {
  const { clock, sigstore, signer } = open();
  sigstore.intercept = ({ url, headers }) =>
    url.host === "fulcio.test"
      ? answer(401, { code: 16, message: `bad token ${headers["authorization"]}` })
      : undefined;
  await assert.rejects(signer.sign(CONTENT), (error: ServiceError) => {
    assert.equal(error.failure, "refused");
    assert.match(error.message, /bad token Bearer \(token\)/u);
    assert.ok(!error.message.includes(aliceToken(clock.now()).slice(0, 40)));
    return true;
  });
});

test("without a key a proven time is wanted: Rekor v2 alone is refused", () => {
  const selected = { fulcioUrl: FULCIO, timestampAuthorities: [] };
  for (const logs of [[], [{ url: REKOR2, version: 2 as const }]]) {
    assert.throws(() => open({ selected: { ...selected, logs } }), { code: "USAGE" });
  }
  assert.throws(() => open({ selected: { ...SELECTED, fulcioUrl: undefined } }), { code: "USAGE" });
});

test("with Rekor v2 a timestamp tells the time", async () => {
  const { sigstore, signer } = open({
    selected: {
      fulcioUrl: FULCIO,
      logs: [{ url: REKOR2, version: 2 }],
      timestampAuthorities: [TSA],
    },
  });
  const { material } = await signer.sign(CONTENT);
  assert.equal(material.timestamps.length, 1);
  assert.deepEqual(sigstore.requests, [
    "POST fulcio.test/api/v2/signingCert",
    "POST tsa.test/api/v1/timestamp",
    "POST rekor2.test/api/v2/log/entries",
  ]);
});
