import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText, encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import { logWithRekorV1 } from "../../lib/sign/rekor_v1.ts";
import { logWithRekorV2 } from "../../lib/sign/rekor_v2.ts";
import { makeSignature } from "../../lib/sign/make_signature.ts";
import type { SignatureToLog } from "../../lib/sign/signature_to_log.ts";
import type { Content } from "../../lib/sign/signer.ts";
import { requestTimestamp } from "../../lib/sign/timestamp_authority.ts";
import { createKey } from "../support/images.ts";
import {
  answer,
  type Change,
  openFakeSigstore,
  REKOR1,
  REKOR2,
  TSA,
} from "../support/fake_sigstore.ts";
import { createTestClock } from "../support/test_clock.ts";

const KEY = createKey();
const PAYLOAD: Content = { kind: "payload", bytes: encodeText("payload") };
const ENVELOPE: Content = {
  kind: "envelope",
  payloadType: "application/vnd.in-toto+json",
  payload: encodeText("{}"),
};

async function toLog(content: Content): Promise<SignatureToLog> {
  return {
    ...await makeSignature(KEY, content, { forLog: true }),
    envelope: content.kind === "envelope" ? content : undefined,
    verifier: { kind: "public-key", key: KEY.publicKey },
  };
}

const LOGS = [
  { host: "rekor1.test", url: REKOR1, log: logWithRekorV1 },
  { host: "rekor2.test", url: REKOR2, log: logWithRekorV2 },
] as const;

test("both versions of Rekor log payloads and envelopes", async () => {
  const { services } = openFakeSigstore(createTestClock());
  const kinds: string[] = [];
  for (const content of [PAYLOAD, ENVELOPE]) {
    const sent = await toLog(content);
    for (const { url, log } of LOGS) {
      const { kind, version } = await log(services, url, sent);
      kinds.push(`${content.kind}: ${kind} ${version}`);
    }
  }
  assert.deepEqual(kinds, [
    "payload: hashedrekord 0.0.1",
    "payload: hashedrekord 0.0.2",
    "envelope: dsse 0.0.1",
    "envelope: hashedrekord 0.0.2",
  ]);
});

test("an entry of another signature, key or digest is refused", async () => {
  const other = await makeSignature(KEY, { kind: "payload", bytes: encodeText("other") }, {
    forLog: true,
  });
  const otherKey = createKey().publicKey;
  const replace = (field: string, from: string, to: string): Change => (entry) => {
    const text = decodeText(Uint8Array.from(atob(String(entry[field])), (c) => c.charCodeAt(0)));
    assert.ok(text.includes(from));
    return { ...entry, [field]: encodeBase64(encodeText(text.replace(from, to))) };
  };
  const hex = (bytes: Uint8Array): string =>
    [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  for (const { host, url, log } of LOGS) {
    const sent = await toLog(PAYLOAD);
    const v1 = url === REKOR1;
    const field = v1 ? "body" : "canonicalizedBody";
    const keyText = (key: typeof otherKey): string =>
      encodeBase64(v1 ? encodeText(key.pem) : key.spki);
    const digestText = v1 ? hex : encodeBase64;
    const changes: readonly (readonly [RegExp, Change])[] = [
      [
        /another signature/u,
        replace(field, encodeBase64(sent.signature), encodeBase64(other.signature)),
      ],
      [/another key/u, replace(field, keyText(KEY.publicKey), keyText(otherKey))],
      [/another digest/u, replace(field, digestText(sent.digest), digestText(other.digest))],
      [/Cannot/u, (entry) => ({ ...entry, [field]: "AAAA" })],
      [/Cannot/u, (entry) => ({ ...entry, [v1 ? "verification" : "inclusionProof"]: undefined })],
      [/Cannot/u, () => ({})],
      [/Cannot/u, () => null],
    ];
    for (const [why, change] of changes) {
      const sigstore = openFakeSigstore(createTestClock());
      sigstore.changes.set(host, change);
      await assert.rejects(log(sigstore.services, url, sent), why);
    }
  }
});

test("an entry of a payload is no entry of an envelope", async () => {
  const sigstore = openFakeSigstore(createTestClock());
  const sent = await toLog(ENVELOPE);
  const { body } = await logWithRekorV1(sigstore.services, REKOR1, await toLog(PAYLOAD));
  sigstore.changes.set("rekor1.test", (entry) => ({ ...entry, body: encodeBase64(body) }));
  await assert.rejects(logWithRekorV1(sigstore.services, REKOR1, sent), /another kind/u);
});

test("an entry that Rekor v1 has already is fetched, and nowhere else but there", async () => {
  for (
    const [location, found] of [
      [`/api/v1/log/entries/${"ab".repeat(32)}`, true],
      [`https://evil.test/api/v1/log/entries/${"ab".repeat(32)}`, true],
      ["/elsewhere", false],
    ] as const
  ) {
    const sigstore = openFakeSigstore(createTestClock());
    const sent = await toLog(PAYLOAD);
    let proposal: Uint8Array | undefined;
    sigstore.intercept = async (request) => {
      if (request.method === "POST" && proposal === undefined) {
        proposal = request.body;
        return answer(409, { code: 409, message: "exists" }, { location });
      }
      if (request.method !== "GET") return undefined;
      assert.equal(request.url.host, "rekor1.test");
      const inner = openFakeSigstore(createTestClock());
      const { body } = await inner.services.request({
        purpose: "test",
        method: "POST",
        url: request.url,
        body: proposal!,
        deadline: 1,
        expect: [201],
      });
      return answer(200, body);
    };
    const logging = logWithRekorV1(sigstore.services, REKOR1, sent);
    if (found) assert.equal((await logging).kind, "hashedrekord");
    else await assert.rejects(logging, { code: "SERVICE", failure: "duplicate" });
  }
});

test("a timestamp of something else, or of another request, is refused", async () => {
  const { services } = openFakeSigstore(createTestClock());
  const { response, time } = await requestTimestamp(services, TSA, Uint8Array.of(1));
  assert.ok(response.length > 50);
  assert.equal(time, createTestClock().now());
  for (
    const change of [
      { digest: new Uint8Array(32) },
      { nonce: Uint8Array.of(1, 2, 3) },
      { status: 2 },
    ]
  ) {
    const sigstore = openFakeSigstore(createTestClock());
    Object.assign(sigstore.timestamp, change);
    await assert.rejects(requestTimestamp(sigstore.services, TSA, Uint8Array.of(1)), {
      code: "SERVICE",
      failure: "invalid-answer",
    });
  }
});

test("an answer of the timestamp authority that is no DER is refused", async () => {
  for (const body of [new Uint8Array(), encodeText("<html>"), Uint8Array.of(0x30, 0x82)]) {
    const sigstore = openFakeSigstore(createTestClock());
    sigstore.intercept = () => answer(200, body);
    await assert.rejects(requestTimestamp(sigstore.services, TSA, Uint8Array.of(1)), {
      code: "SERVICE",
    });
  }
});
