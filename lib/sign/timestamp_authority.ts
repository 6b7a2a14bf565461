import { Buffer } from "node:buffer";
import { type ASN1Obj, RFC3161Timestamp } from "@sigstore/core";
import { concatBytes, equalBytes } from "../base/bytes.ts";
import { sha256 } from "../base/hash.ts";
import { ServiceError } from "./service_error.ts";
import { endpoint, type Services } from "./services.ts";

/** A time that an authority vouches for. */
export interface Timestamp {
  /** The TimeStampResp, DER. */
  readonly response: Uint8Array;
  /** Milliseconds since 1970. */
  readonly time: number;
}

const PURPOSE = "get a timestamp";
const DEADLINE = 30_000;
const NONCE_BYTES = 8;
const INTEGER = 0x02;

/** PKIStatus: granted, and granted with modifications. */
const GRANTED: readonly bigint[] = [0n, 1n];

/**
 * A TimeStampReq (RFC 3161 §2.4.1) up to the digest: version 1, SHA-256. It asks for no certificates:
 * verifiers have the authority's.
 */
const REQUEST_HEAD = Uint8Array.of(
  ...[0x30, 0x40, INTEGER, 0x01, 0x01, 0x30, 0x31],
  ...[0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00],
  ...[0x04, 0x20],
);

/** A positive number of just eight bytes, which has one DER. */
function makeNonce(): Uint8Array {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  nonce[0] = nonce[0]! & 0x3f | 0x40;
  return nonce;
}

/** The nonce of a TSTInfo: an INTEGER that may come after the five fields that always do. */
function nonceOf(info: ASN1Obj): Uint8Array | undefined {
  return info.subs.slice(5).find(({ tag }) => tag.isInteger())?.value;
}

/** Take a timestamp only if it is of our signature, and made for this request. */
function readResponse(response: Uint8Array, digest: Uint8Array, nonce: Uint8Array): number {
  const timestamp = RFC3161Timestamp.parse(Buffer.from(response));
  if (!GRANTED.includes(timestamp.status)) throw new Error("the authority rejects the request");
  const { tstInfo } = timestamp;
  const ours = tstInfo.messageImprintHashAlgorithm === "sha256" &&
    equalBytes(tstInfo.messageImprintHashedMessage, digest);
  if (!ours) throw new Error("the answer's timestamp is of something else");
  const found = nonceOf(tstInfo.root);
  if (found === undefined || !equalBytes(found, nonce)) {
    throw new Error("the answer's timestamp is another request's");
  }
  return tstInfo.genTime.getTime();
}

/**
 * Have an authority vouch for when a signature was there (RFC 3161 §3.4). Its signature is not
 * verified.
 *
 * @param tsaUrl the whole address, with path
 * @throws {ServiceError}
 */
export async function requestTimestamp(
  services: Services,
  tsaUrl: string,
  signature: Uint8Array,
): Promise<Timestamp> {
  const url = endpoint(tsaUrl, "", PURPOSE);
  const digest = sha256(signature);
  const nonce = makeNonce();
  const { body } = await services.request({
    purpose: PURPOSE,
    method: "POST",
    url,
    headers: {
      "content-type": "application/timestamp-query",
      accept: "application/timestamp-reply",
    },
    body: concatBytes([REQUEST_HEAD, digest, Uint8Array.of(INTEGER, NONCE_BYTES), nonce]),
    deadline: DEADLINE,
    expect: [200, 201],
  });
  try {
    return { response: body, time: readResponse(body, digest, nonce) };
  } catch (error) {
    throw new ServiceError(`${PURPOSE} (${url.origin})`, (error as Error).message, {
      failure: "invalid-answer",
    }, { cause: error });
  }
}
