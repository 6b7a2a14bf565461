import { decodeBase64, encodeBase64 } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import type { PublicKey } from "../keys/public_key.ts";
import * as v from "valibot";

/** Who signed, as a bundle says it: with a key that verifiers have, or with a certificate. */
export type SignerMaterial =
  /** base64 of the key's SHA-256; verifiers ignore it. */
  | { readonly kind: "public-key"; readonly hint: string }
  | {
    readonly kind: "certificate";
    /** The leaf, DER. */
    readonly certificate: Uint8Array;
    /** Those above it, up to and without the root as a rule, DER. Bundles hold only the leaf. */
    readonly chain: readonly Uint8Array[];
  };

/** An entry of a transparency log (protobuf-specs, sigstore_rekor.proto, TransparencyLogEntry). */
export interface LogEntry {
  /** Decimal digits: 64 bits do not fit into a number. */
  readonly logIndex: string;
  /** SHA-256 of the log's key, or of its name and key where it writes checkpoints only. */
  readonly logId: Uint8Array;
  readonly kind: string;
  readonly version: string;
  /** Seconds since 1970 in decimal digits; Rekor v2 tells none. */
  readonly integratedTime?: string | undefined;
  /** The log's promise to include the entry; Rekor v2 gives none. */
  readonly signedEntryTimestamp?: Uint8Array | undefined;
  readonly inclusionProof?: {
    /** The index in the tree of the checkpoint; of a log in shards another than the entry's. */
    readonly logIndex: string;
    readonly rootHash: Uint8Array;
    readonly treeSize: string;
    readonly hashes: readonly Uint8Array[];
    readonly checkpoint: string;
  } | undefined;
  /** What was logged: JSON in its canonical form (RFC 8785). */
  readonly body: Uint8Array;
}

/** What others verify a signature by, beside what is signed. */
export interface VerificationMaterial {
  readonly signer: SignerMaterial;
  readonly logEntries: readonly LogEntry[];
  /** RFC 3161 responses over the signature, DER. */
  readonly timestamps: readonly Uint8Array[];
}

/** The material of a signature by a key that nobody else witnessed. */
export function keyMaterial({ hint }: Pick<PublicKey, "hint">): VerificationMaterial {
  return { signer: { kind: "public-key", hint }, logEntries: [], timestamps: [] };
}

/** An entry as a bundle has it, in protojson. */
export function logEntryJson(entry: LogEntry): Readonly<Record<string, unknown>> {
  const { integratedTime, signedEntryTimestamp, inclusionProof } = entry;
  return {
    // protojson leaves out what is zero: the first entry of a log has no index.
    ...(entry.logIndex === "0" ? {} : { logIndex: entry.logIndex }),
    logId: { keyId: encodeBase64(entry.logId) },
    kindVersion: { kind: entry.kind, version: entry.version },
    ...(integratedTime === undefined ? {} : { integratedTime }),
    ...(signedEntryTimestamp === undefined
      ? {}
      : { inclusionPromise: { signedEntryTimestamp: encodeBase64(signedEntryTimestamp) } }),
    ...(inclusionProof === undefined ? {} : {
      inclusionProof: {
        ...(inclusionProof.logIndex === "0" ? {} : { logIndex: inclusionProof.logIndex }),
        rootHash: encodeBase64(inclusionProof.rootHash),
        treeSize: inclusionProof.treeSize,
        hashes: inclusionProof.hashes.map(encodeBase64),
        checkpoint: { envelope: inclusionProof.checkpoint },
      },
    }),
    canonicalizedBody: encodeBase64(entry.body),
  };
}

/**
 * A bundle's `verificationMaterial`, with the fields in cosign's order (protobuf-specs,
 * sigstore_bundle.proto).
 */
export function materialJson(
  { signer, logEntries, timestamps }: VerificationMaterial,
): Readonly<Record<string, unknown>> {
  return {
    ...(signer.kind === "public-key"
      ? { publicKey: { hint: signer.hint } }
      : { certificate: { rawBytes: encodeBase64(signer.certificate) } }),
    ...(logEntries.length === 0 ? {} : { tlogEntries: logEntries.map(logEntryJson) }),
    ...(timestamps.length === 0 ? {} : {
      timestampVerificationData: {
        rfc3161Timestamps: timestamps.map((one) => ({ signedTimestamp: encodeBase64(one) })),
      },
    }),
  };
}

/** A 64-bit number as protojson has it: a string of digits, or a number where it is small. */
const Int64 = v.pipe(
  v.union([v.string(), v.pipe(v.number(), v.safeInteger())]),
  v.transform(String),
  v.regex(/^\d{1,20}$/u),
);

const Bytes = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return decodeBase64(dataset.value);
    } catch {
      addIssue({ message: "want base64" });
      return NEVER;
    }
  }),
);

const LogEntrySchema = v.object({
  logIndex: v.optional(Int64, "0"),
  logId: v.object({ keyId: Bytes }),
  kindVersion: v.object({ kind: v.string(), version: v.string() }),
  integratedTime: v.optional(Int64, "0"),
  inclusionPromise: v.nullish(v.object({ signedEntryTimestamp: Bytes })),
  inclusionProof: v.nullish(v.object({
    logIndex: v.optional(Int64, "0"),
    rootHash: Bytes,
    treeSize: Int64,
    hashes: v.optional(v.pipe(v.array(Bytes), v.maxLength(64)), []),
    checkpoint: v.object({ envelope: v.string() }),
  })),
  canonicalizedBody: Bytes,
});

/**
 * Read an entry from protojson, as Rekor v2 answers with it. Nothing of it is verified.
 *
 * @throws {MalformedError}
 */
export function parseLogEntry(value: unknown): LogEntry {
  const result = v.safeParse(LogEntrySchema, value, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    throw new MalformedError(
      "log entry",
      `${v.getDotPath(issue) ?? "the entry"}: ${issue.message.slice(0, 200)}`,
    );
  }
  const { logIndex, logId, kindVersion, integratedTime, canonicalizedBody, ...entry } =
    result.output;
  const { inclusionProof, inclusionPromise } = entry;
  return {
    logIndex,
    logId: logId.keyId,
    ...kindVersion,
    ...(integratedTime === "0" ? {} : { integratedTime }),
    ...(inclusionPromise ?? {}),
    ...(inclusionProof === undefined || inclusionProof === null ? {} : {
      inclusionProof: { ...inclusionProof, checkpoint: inclusionProof.checkpoint.envelope },
    }),
    body: canonicalizedBody,
  };
}
