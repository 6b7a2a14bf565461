import { MalformedError } from "../base/errors.ts";
import type { KeyAlgorithm } from "../keys/algorithm.ts";
import type { BlobContent } from "../signature/blob_content.ts";
import { parseBundle } from "../signature/bundle.ts";
import { parseEnvelope } from "../signature/dsse.ts";
import { type BlobSignature, parseBlobBundle, parseDetached } from "../signature/message_bundle.ts";
import { certificateAlgorithms, checkBlobAttestation, checkBlobSignature } from "./check_blob.ts";
import type { StatementPolicy } from "./check_envelope.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import type { SignatureResult, Verdict } from "./verdict.ts";

/** What lies beside a file: a bundle, or a signature (a bare envelope) alone. */
export interface FoundSignature {
  readonly kind: "bundle" | "detached";
  readonly bytes: Uint8Array;
  /** The signer's certificate in DER, where it stands beside a signature alone. */
  readonly certificate?: Uint8Array;
}

function malformed({ kind }: FoundSignature, error: unknown): SignatureResult {
  if (!(error instanceof MalformedError)) throw error;
  return {
    format: kind === "bundle" ? "bundle" : "legacy",
    verified: false,
    checks: [],
    reasons: [{ code: "signature-malformed", message: error.message }],
  };
}

function verdictOf({ digest }: BlobContent, result: SignatureResult): Verdict {
  const { verified, reasons } = result;
  const unseen = reasons.find(({ code }) => code === "file-unreadable");
  if (unseen !== undefined) {
    const evidence = { request: `read ${digest}`, attempts: 1, message: unseen.message };
    return { kind: "unknown", digest, signatures: [result], reasons, evidence };
  }
  return { kind: verified ? "verified" : "failed", digest, signatures: [result], reasons };
}

function parseSignature({ kind, bytes, certificate }: FoundSignature): BlobSignature {
  return kind === "bundle" ? parseBlobBundle(bytes) : parseDetached(bytes, certificate);
}

/**
 * The kinds of keys that may have signed a file, before anything of its signature is known. Ed25519
 * keys in certificates, which would need the whole file in memory, are not among them.
 */
export function policyAlgorithms({ keys, trust }: SignaturePolicy): readonly KeyAlgorithm[] {
  const certificates = trust === undefined || trust.identities.length === 0
    ? []
    : ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"] as const;
  return [...keys.map(({ key }) => key.algorithm), ...certificates];
}

/**
 * The kinds of keys that may have signed a file: those that are asked for, and that of the certificate
 * beside it. A file is hashed as these need it.
 */
export function blobAlgorithms(
  found: FoundSignature,
  policy: SignaturePolicy,
): readonly KeyAlgorithm[] {
  const asked = policy.keys.map(({ key }) => key.algorithm);
  try {
    return [...asked, ...certificateAlgorithms(parseSignature(found))];
  } catch (error) {
    // What is malformed is judged, and told of, when the file is.
    if (error instanceof MalformedError) return asked;
    throw error;
  }
}

/** Verify the signature of a file. */
export async function verifyBlob(
  content: BlobContent,
  found: FoundSignature,
  policy: SignaturePolicy,
): Promise<Verdict> {
  try {
    const parsed = parseSignature(found);
    return verdictOf(content, await checkBlobSignature(parsed, content, policy));
  } catch (error) {
    return verdictOf(content, malformed(found, error));
  }
}

/** Verify what is attested of a file. */
export async function verifyBlobAttestation(
  content: BlobContent,
  found: FoundSignature,
  policy: StatementPolicy,
): Promise<Verdict> {
  try {
    const parsed = found.kind === "bundle"
      ? { kind: "bundle", bundle: parseBundle(found.bytes) } as const
      : {
        kind: "envelope",
        envelope: parseEnvelope(found.bytes),
        stored: found.bytes,
      } as const;
    return verdictOf(content, await checkBlobAttestation(parsed, content, policy));
  } catch (error) {
    return verdictOf(content, malformed(found, error));
  }
}
