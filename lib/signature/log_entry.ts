import { Buffer } from "node:buffer";
import * as v from "valibot";
import { decodeBase64, encodeBase64, encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import type { SigstoreBundle } from "./bundle.ts";

/** Where an entry stands in a log's Merkle tree (RFC 9162 §2.1.3). */
export interface InclusionProof {
  readonly index: bigint;
  readonly treeSize: bigint;
  readonly rootHash: Uint8Array;
  readonly hashes: readonly Uint8Array[];
  /** The log's signed checkpoint of that tree. */
  readonly checkpoint: string;
}

/** An entry of a transparency log as it stands beside a signature. Nothing in it is verified. */
export interface LogEntry {
  /** The identifier of the log's key. */
  readonly logId: Uint8Array;
  /** Its number in the log, as the log calls it. */
  readonly index: number;
  /** Seconds since 1970; 0 where the log gives no times (Rekor v2). Only a promise signs it. */
  readonly integratedTime: number;
  /** What is logged, byte for byte. */
  readonly body: Uint8Array;
  /** The kind that is stated beside the body; `undefined` where nothing is. */
  readonly kind: { readonly kind: string; readonly version: string } | undefined;
  /** The signed entry timestamp: the log's promise to include it. */
  readonly promise: Uint8Array | undefined;
  readonly proof: InclusionProof | undefined;
}

type BundleEntry = SigstoreBundle["verificationMaterial"]["tlogEntries"][number];

function wholeNumber(text: string): bigint {
  if (/^\d{1,19}$/u.test(text)) return BigInt(text);
  throw new MalformedError("log entry", "want a whole number");
}

function safeNumber(text: string): number {
  const number = Number(wholeNumber(text));
  if (Number.isSafeInteger(number)) return number;
  throw new MalformedError("log entry", "a number is too large");
}

/** Proofs are as long as a tree is deep. */
const MAX_HASHES = 64;

function readProof({ inclusionProof }: BundleEntry): InclusionProof | undefined {
  if (inclusionProof === undefined) return undefined;
  const { logIndex, treeSize, rootHash, hashes, checkpoint } = inclusionProof;
  if (checkpoint === undefined) return undefined;
  if (hashes.length > MAX_HASHES) throw new MalformedError("log entry", "its proof is too long");
  return {
    index: wholeNumber(logIndex),
    treeSize: wholeNumber(treeSize),
    rootHash,
    hashes,
    checkpoint: checkpoint.envelope,
  };
}

/**
 * Read an entry of a Sigstore bundle (protobuf-specs, sigstore_rekor.proto).
 *
 * @throws {MalformedError}
 */
export function bundleLogEntry(entry: BundleEntry): LogEntry {
  return {
    logId: entry.logId.keyId,
    index: safeNumber(entry.logIndex),
    integratedTime: safeNumber(entry.integratedTime),
    body: entry.canonicalizedBody,
    kind: entry.kindVersion,
    promise: entry.inclusionPromise?.signedEntryTimestamp,
    proof: readProof(entry),
  };
}

const LegacySchema = v.object({
  SignedEntryTimestamp: v.string(),
  Payload: v.object({
    body: v.string(),
    integratedTime: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    logIndex: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    logID: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u)),
  }),
});

/**
 * Read an entry as cosign's annotation `dev.sigstore.cosign/bundle` has it, with Rekor's promise.
 *
 * @throws {MalformedError}
 */
export function parseLegacyLogEntry(untrusted: string): LogEntry {
  const { SignedEntryTimestamp, Payload: payload } = parseJson(
    "log entry",
    encodeText(untrusted),
    LegacySchema,
  );
  try {
    return {
      logId: new Uint8Array(Buffer.from(payload.logID, "hex")),
      index: payload.logIndex,
      integratedTime: payload.integratedTime,
      body: decodeBase64(payload.body),
      kind: undefined,
      promise: decodeBase64(SignedEntryTimestamp),
      proof: undefined,
    };
  } catch (error) {
    throw new MalformedError("log entry", "want base64", { cause: error });
  }
}

/** What Rekor signs for its promise: this object in canonical JSON (RFC 8785). */
export function promisedBytes({ body, integratedTime, logId, index }: LogEntry): Uint8Array {
  return encodeText(JSON.stringify({
    body: encodeBase64(body),
    integratedTime,
    logID: Buffer.from(logId).toString("hex"),
    logIndex: index,
  }));
}
