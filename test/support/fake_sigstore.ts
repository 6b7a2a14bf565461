/**
 * Sigstore's services in memory: a certificate authority, a log in both versions, a timestamp authority
 * and an issuer of tokens. What they sign is worth nothing; the real ones are in test/peers.
 */

import { createHash, createPublicKey, generateKeyPairSync, sign as signWith } from "node:crypto";
import { Buffer } from "node:buffer";
import { decodeBase64, decodeText, encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import type { HttpRequest, HttpResponse, Send } from "../../lib/base/http.ts";
import { sha256 } from "../../lib/base/hash.ts";
import { decodePem, encodePem } from "../../lib/keys/pem.ts";
import { openServices, type Services } from "../../lib/sign/services.ts";
import { bits, context, element, integer, octets, oid, sequence, time } from "./der.ts";
import type { TestClock } from "./test_clock.ts";

export const FULCIO = "https://fulcio.test";
export const REKOR1 = "https://rekor1.test";
export const REKOR2 = "https://rekor2.test";
export const TSA = "https://tsa.test/api/v1/timestamp";
export const ISSUER = "https://issuer.test";

/** A service's answer, changed by a test before it is given. */
export type Change = (answer: Record<string, unknown>) => unknown;

/** The services, and what a test may do to them. */
export interface FakeSigstore {
  readonly services: Services;
  readonly send: Send;
  /** `METHOD host/path` of each request, in their order. */
  readonly requests: string[];
  /** The last request's body and headers, by host. */
  readonly last: Map<string, HttpRequest>;
  /** Answer a request in another way: `undefined` for the usual one. */
  intercept:
    | ((request: HttpRequest) => HttpResponse | undefined | Promise<HttpResponse | undefined>)
    | undefined;
  /** Change the JSON answers of a host. */
  readonly changes: Map<string, Change>;
  /** Milliseconds that certificates live. */
  life: number;
  /** Milliseconds that the log's clock is ahead. */
  skew: number;
  /** Change a timestamp's fields. */
  timestamp: { status?: number; digest?: Uint8Array; nonce?: Uint8Array };
  /** The key that certificates are for, instead of the one that was asked for. */
  otherKey: Uint8Array | undefined;
}

const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));

/** Make an answer. */
export function answer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const bytes = body instanceof Uint8Array ? body : encodeText(JSON.stringify(body));
  return { status, headers, body: bytes };
}

/** Make a token as issuers do, signed by nobody. */
export function makeToken(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** The token of somebody, valid ten minutes. */
export function aliceToken(
  now: number,
  more: Readonly<Record<string, unknown>> = {},
): string {
  return makeToken({
    iss: ISSUER,
    aud: "sigstore",
    sub: "alice",
    email: "alice@example.com",
    email_verified: true,
    exp: now / 1000 + 600,
    ...more,
  });
}

function makeCertificate(spki: Uint8Array, notBefore: number, notAfter: number): Uint8Array {
  const name = sequence(
    element(0x31, sequence(oid("2.5.4.3"), element(0x0c, encodeText("test")))),
  );
  const subject = sequence(element(0x81, encodeText("alice@example.com")));
  const extensions = sequence(sequence(oid("2.5.29.17"), octets(subject)));
  const tbs = sequence(
    context(0, integer(2)),
    integer(7),
    ECDSA_SHA256,
    name,
    sequence(time(notBefore), time(notAfter)),
    sequence(),
    spki,
    context(3, extensions),
  );
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return sequence(tbs, ECDSA_SHA256, bits(signWith("sha256", tbs, privateKey)));
}

/** A TimeStampResp, without its signature. */
function makeTimestamp(status: number, digest: Uint8Array, nonce: Uint8Array, now: number) {
  const info = sequence(
    integer(1),
    oid("1.3.6.1.4.1.57264.2"),
    sequence(sequence(oid("2.16.840.1.101.3.4.2.1")), octets(digest)),
    integer(9),
    time(now),
    sequence(integer(1)),
    integer(nonce),
  );
  const signed = sequence(
    integer(3),
    element(0x31),
    sequence(oid("1.2.840.113549.1.9.16.1.4"), context(0, octets(info))),
    element(0x31),
  );
  return sequence(
    sequence(integer(status)),
    sequence(oid("1.2.840.113549.1.7.2"), context(0, signed)),
  );
}

function hexDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What Rekor v1 logs of a proposal. */
function logged(proposal: Record<string, unknown>): Record<string, unknown> {
  if (proposal["kind"] !== "dsse") return proposal;
  const { proposedContent } = proposal["spec"] as {
    proposedContent: { envelope: string; verifiers: string[] };
  };
  const { payload, signatures } = JSON.parse(proposedContent.envelope) as {
    payload: string;
    signatures: { sig: string }[];
  };
  const hash = (value: string) => ({ algorithm: "sha256", value });
  return {
    apiVersion: "0.0.1",
    kind: "dsse",
    spec: {
      envelopeHash: hash(hexDigest(proposedContent.envelope)),
      payloadHash: hash(Buffer.from(sha256(decodeBase64(payload))).toString("hex")),
      signatures: signatures.map(({ sig }) => ({
        signature: sig,
        verifier: proposedContent.verifiers[0],
      })),
    },
  };
}

/** Open the services. */
export function openFakeSigstore(clock: TestClock): FakeSigstore {
  let entries = 0;
  const answers: Record<string, (request: HttpRequest, body: Uint8Array) => HttpResponse> = {
    "fulcio.test": (_request, body) => {
      const { publicKeyRequest } = JSON.parse(decodeText(body)) as {
        publicKeyRequest: { publicKey: { content: string } };
      };
      const { bytes } = decodePem(publicKeyRequest.publicKey.content, "key");
      const now = clock.now();
      const leaf = makeCertificate(fake.otherKey ?? bytes, now, now + fake.life);
      const pem = [leaf, makeCertificate(bytes, 0, 4e12)].map((der) =>
        encodePem("CERTIFICATE", der)
      );
      return changed("fulcio.test", {
        signedCertificateEmbeddedSct: { chain: { certificates: pem } },
      });
    },
    "rekor1.test": (_request, body) => {
      const entry = {
        body: encodeBase64(
          encodeText(JSON.stringify(logged(JSON.parse(decodeText(body)) as never))),
        ),
        integratedTime: Math.floor((clock.now() + fake.skew) / 1000),
        logID: "c0".repeat(32),
        logIndex: entries++,
        verification: {
          signedEntryTimestamp: "AQID",
          inclusionProof: {
            checkpoint: "rekor1.test\n1\nAAAA\n",
            hashes: ["aa".repeat(32)],
            logIndex: 0,
            rootHash: "bb".repeat(32),
            treeSize: 1,
          },
        },
      };
      const { status, body: bytes } = changed("rekor1.test", entry);
      return answer(status === 200 ? 201 : status, {
        ["ab".repeat(32)]: JSON.parse(decodeText(bytes)) as unknown,
      });
    },
    "rekor2.test": (_request, body) => {
      const { hashedRekordRequestV002: { digest, signature } } = JSON.parse(decodeText(body)) as {
        hashedRekordRequestV002: { digest: string; signature: unknown };
      };
      const logEntry = {
        apiVersion: "0.0.2",
        kind: "hashedrekord",
        spec: { hashedRekordV002: { data: { algorithm: "SHA2_256", digest }, signature } },
      };
      const { body: bytes } = changed("rekor2.test", {
        logIndex: String(entries++),
        logId: { keyId: "AAAA" },
        kindVersion: { kind: "hashedrekord", version: "0.0.2" },
        integratedTime: "0",
        inclusionPromise: null,
        inclusionProof: {
          logIndex: "0",
          rootHash: "AAAA",
          treeSize: "1",
          hashes: [],
          checkpoint: { envelope: "rekor2.test\n1\nAAAA\n" },
        },
        canonicalizedBody: encodeBase64(encodeText(JSON.stringify(logEntry))),
      });
      return answer(201, bytes);
    },
    "tsa.test": (_request, body) => {
      const { status = 0, digest = body.subarray(24, 56), nonce = body.subarray(58) } =
        fake.timestamp;
      return answer(201, makeTimestamp(status, digest, nonce, clock.now() + fake.skew));
    },
  };
  const changed = (host: string, value: Record<string, unknown>): HttpResponse => {
    const change = fake.changes.get(host);
    return answer(200, change === undefined ? value : change(value));
  };
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    const { host, pathname } = request.url;
    fake.requests.push(`${request.method} ${host}${pathname}`);
    fake.last.set(host, request);
    const other = await fake.intercept?.(request);
    return other ?? answers[host]!(request, request.body ?? new Uint8Array());
  };
  const fake: FakeSigstore = {
    send,
    services: openServices({
      send,
      clock,
      random: () => 0.5,
      retry: { attempts: 3, firstDelay: 1000, maxDelay: 60_000 },
      userAgent: "test",
    }),
    requests: [],
    last: new Map(),
    intercept: undefined,
    changes: new Map(),
    life: 600_000,
    skew: 0,
    timestamp: {},
    otherKey: undefined,
  };
  return fake;
}

/** The DER of another public key. */
export function anotherKey(): Uint8Array {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return new Uint8Array(createPublicKey(privateKey).export({ type: "spki", format: "der" }));
}
