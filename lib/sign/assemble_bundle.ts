import { Buffer } from "node:buffer";
import { X509Certificate } from "@sigstore/core";
import * as v from "valibot";
import { decodeBase64, decodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { parseJson } from "../base/json.ts";
import { decodePem } from "../keys/pem.ts";
import { type PublicKey, publicKeyFromSpki } from "../keys/public_key.ts";
import { buildStatementBundle } from "../signature/bundle.ts";
import { type Envelope, parseEnvelope, preAuthEncoding } from "../signature/dsse.ts";
import { buildMessageBundle } from "../signature/message_bundle.ts";
import { INTOTO_PAYLOAD_TYPE } from "../signature/statement.ts";
import {
  keyMaterial,
  type LogEntry,
  type SignerMaterial,
  type VerificationMaterial,
} from "../signature/verification_material.ts";
import type { KnownEntry } from "./rekor_v1.ts";
import type { SignatureToLog, Verifier } from "./signature_to_log.ts";

/** What older versions of cosign left of a signature over a file. */
export interface BundleParts {
  /** SHA-256 of the file. */
  readonly sha256: Uint8Array;
  /** The bundle file of cosign 2. */
  readonly old?: Uint8Array | undefined;
  readonly signature?: Uint8Array | undefined;
  /** A DSSE envelope. */
  readonly envelope?: Uint8Array | undefined;
  /** PEM. */
  readonly certificate?: Uint8Array | undefined;
  readonly key?: PublicKey | undefined;
  /** The timestamp's file, JSON. */
  readonly timestamp?: Uint8Array | undefined;
}

const OldBundleSchema = v.object({
  base64Signature: v.pipe(v.string(), v.minLength(1)),
  cert: v.optional(v.string()),
  rekorBundle: v.nullish(v.object({
    Payload: v.object({
      body: v.string(),
      logIndex: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
      logID: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u)),
    }),
  })),
});

const TimestampSchema = v.object({ SignedRFC3161Timestamp: v.string() });

/** What is signed, and by what. */
interface Found {
  readonly signature: Uint8Array;
  readonly envelope?: Envelope | undefined;
  readonly certificate?: Uint8Array | undefined;
  /** Its entry in a log, as far as it is known. */
  readonly known?: KnownEntry | undefined;
}

/** What cosign 2 called a signature may be an envelope. */
function toEnvelope(bytes: Uint8Array): Envelope | undefined {
  return bytes[0] === "{".charCodeAt(0) ? parseEnvelope(bytes) : undefined;
}

function readOld(bytes: Uint8Array): Found {
  const { base64Signature, cert, rekorBundle } = parseJson(
    "cosign's bundle",
    bytes,
    OldBundleSchema,
  );
  const signature = decodeBase64(base64Signature);
  const { body, logIndex, logID } = rekorBundle?.Payload ?? {};
  return {
    ...(body === undefined ? {} : {
      known: {
        body: decodeBase64(body),
        logIndex: String(logIndex),
        logId: new Uint8Array(Buffer.from(logID!, "hex")),
      },
    }),
    signature,
    envelope: toEnvelope(signature),
    ...(cert === undefined || cert === "" ? {} : { certificate: decodeBase64(cert) }),
  };
}

function readFound({ old, signature, envelope, certificate }: BundleParts): Found {
  if (old !== undefined) return readOld(old);
  const parsed = envelope === undefined ? undefined : parseEnvelope(envelope);
  return { signature: signature ?? new Uint8Array(), envelope: parsed, certificate };
}

function readVerifier(
  pem: Uint8Array | undefined,
  key: PublicKey | undefined,
): { readonly verifier: Verifier; readonly signer: SignerMaterial } {
  if (pem !== undefined) {
    const { bytes } = decodePem(decodeText(pem), "certificate");
    const { publicKey } = X509Certificate.parse(Buffer.from(bytes));
    const ofCertificate = publicKeyFromSpki(new Uint8Array(publicKey), "certificate's key");
    return {
      verifier: { kind: "certificate", certificate: bytes, key: ofCertificate },
      signer: { kind: "certificate", certificate: bytes, chain: [] },
    };
  }
  if (key === undefined) throw new MalformedError("signature", "want a certificate or a key");
  return { verifier: { kind: "public-key", key }, signer: keyMaterial(key).signer };
}

/**
 * Make a Sigstore bundle, version 0.3, of what older versions of cosign left of a signature by SHA-256.
 * Nothing is verified.
 *
 * @param find finds the signature's log entry; without it the bundle has none
 * @throws {MalformedError}
 * @throws {ServiceError} if the log does not have it
 */
export async function assembleBundle(
  parts: BundleParts,
  find?: (signed: SignatureToLog, known: KnownEntry | undefined) => Promise<LogEntry>,
): Promise<Uint8Array> {
  const { signature, envelope, certificate, known } = readFound(parts);
  const { verifier, signer } = readVerifier(certificate, parts.key);
  if (envelope !== undefined && envelope.payloadType !== INTOTO_PAYLOAD_TYPE) {
    throw new MalformedError("DSSE envelope", "its payload is no in-toto statement");
  }
  const made = envelope?.signatures[0] ?? signature;
  if (made.length === 0) throw new MalformedError("signature", "it is empty");
  const encoded = envelope && preAuthEncoding(envelope.payloadType, envelope.payload);
  const digest = encoded === undefined ? parts.sha256 : sha256(encoded);
  const signed = { signature: made, hash: "sha256", digest, envelope, verifier } as const;
  const entry = await find?.(signed, known);
  const { timestamp } = parts;
  const material: VerificationMaterial = {
    signer,
    logEntries: entry === undefined ? [] : [entry],
    timestamps: timestamp === undefined
      ? []
      : [decodeBase64(parseJson("timestamp", timestamp, TimestampSchema).SignedRFC3161Timestamp)],
  };
  return envelope === undefined
    ? buildMessageBundle({ hash: "sha256", digest, signature: made, material })
    : buildStatementBundle(envelope.payload, made, material);
}
