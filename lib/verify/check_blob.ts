import { equalBytes } from "../base/bytes.ts";
import type { PublicKey } from "../keys/public_key.ts";
import { verifyPrehashed } from "../keys/verify_prehashed.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import type { BlobContent } from "../signature/blob_content.ts";
import type { BlobBundle } from "../signature/bundle.ts";
import type { Envelope } from "../signature/dsse.ts";
import type { BlobSignature } from "../signature/message_bundle.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { SIGN_PREDICATE_TYPE } from "../signature/statement.ts";
import { checkEnvelope, type StatementPolicy } from "./check_envelope.ts";
import type { Reason } from "./reason.ts";
import type { TrustedKey } from "./signature_policy.ts";
import type { SignatureResult, Signer } from "./verdict.ts";

const CERTIFICATE: Reason = {
  code: "certificate-instead-of-key",
  message: "the bundle is signed with a certificate, and a key was asked for",
};

function refused(format: SignatureFormat, reason: Reason, signer?: Signer): SignatureResult {
  return {
    format,
    verified: false,
    ...(signer === undefined ? {} : { signer }),
    checks: signer === undefined ? [] : ["signature"],
    reasons: [reason],
  };
}

async function isBy(
  key: PublicKey,
  { bytes, digests }: BlobContent,
  signature: Uint8Array,
): Promise<boolean> {
  return bytes === undefined
    ? await verifyPrehashed(key, digests, signature)
    : await verifySignature(key, bytes, signature);
}

async function findBlobSigner(
  keys: readonly TrustedKey[],
  content: BlobContent,
  signature: Uint8Array,
): Promise<Signer | undefined> {
  for (const { name, key } of keys) {
    if (await isBy(key, content, signature)) {
      return { kind: "key", name, fingerprint: key.fingerprint };
    }
  }
  return undefined;
}

/** What keys sign that is not known of a file, so that they cannot be tried; empty as a rule. */
function unseen(keys: readonly TrustedKey[], { bytes, digests }: BlobContent): readonly string[] {
  if (bytes !== undefined) return [];
  return keys.flatMap(({ key: { algorithm } }) => {
    if (algorithm === "ed25519") return ["the whole file"];
    if (algorithm === "ecdsa-p384" && digests.sha384 === undefined) return ["its SHA-384"];
    return algorithm === "ecdsa-p521" && digests.sha512 === undefined ? ["its SHA-512"] : [];
  });
}

function mismatch(
  keys: readonly TrustedKey[],
  content: BlobContent,
  differs: boolean,
): Reason {
  if (differs) {
    const message = "the signature is for other content: the digest in its bundle is another";
    return { code: "signature-mismatch", message };
  }
  const [missing] = unseen(keys, content);
  if (missing !== undefined) {
    return {
      code: "file-unreadable",
      message: `a key of this kind signs ${missing}, and only a digest of the file is known here`,
    };
  }
  const message = "the signature is not by any key asked for, or the file was changed";
  return { code: "signature-mismatch", message };
}

async function checkMessage(
  signature: Uint8Array,
  claimed: Extract<BlobBundle["content"], { kind: "message" }>["claimed"],
  format: SignatureFormat,
  content: BlobContent,
  keys: readonly TrustedKey[],
): Promise<SignatureResult> {
  const signer = await findBlobSigner(keys, content, signature);
  const own = claimed === undefined ? undefined : content.digests[claimed.hash];
  const differs = claimed !== undefined && own !== undefined && !equalBytes(claimed.digest, own);
  if (signer === undefined) return refused(format, mismatch(keys, content, differs));
  if (differs) {
    return refused(format, {
      code: "claim-digest-mismatch",
      message: "the signature is good, and the digest in its bundle is another file's",
    }, signer);
  }
  return { format, verified: true, signer, checks: ["signature"], reasons: [] };
}

/** A statement about a file, judged as one about an image is. */
async function checkStatement(
  format: SignatureFormat,
  envelope: Envelope,
  { digest }: BlobContent,
  policy: StatementPolicy,
  other: (found: string) => Reason,
): Promise<SignatureResult> {
  const found = { format, envelope, hasCertificate: false };
  const result = await checkEnvelope(found, digest, policy);
  return "verified" in result ? result : refused(format, other(result.predicateType));
}

/**
 * Judge the signature of a file. An attestation about it is none, whoever made it (cosign 3.1.3 takes
 * it for one), except cosign's statement that something is signed.
 */
export async function checkBlobSignature(
  found: BlobSignature,
  content: BlobContent,
  keys: readonly TrustedKey[],
): Promise<SignatureResult> {
  if (found.kind === "detached") {
    return await checkMessage(found.signature, undefined, "legacy", content, keys);
  }
  const { material, content: inner } = found.bundle;
  if (material === "certificate") return refused("bundle", CERTIFICATE);
  if (inner.kind === "message") {
    return await checkMessage(inner.signature, inner.claimed, "bundle", content, keys);
  }
  const policy = { keys, annotations: {}, predicateType: SIGN_PREDICATE_TYPE };
  return await checkStatement("bundle", inner.envelope, content, policy, (type) => ({
    code: "attestation-only",
    message: "the bundle holds an attestation, which is no signature; see verify-blob-attestation",
    expected: SIGN_PREDICATE_TYPE,
    found: type.slice(0, 200),
  }));
}

/** What is attested of a file: in a bundle, or as a bare envelope. */
export type BlobAttestation =
  | { readonly kind: "bundle"; readonly bundle: BlobBundle }
  | { readonly kind: "envelope"; readonly envelope: Envelope };

/** Judge an attestation about a file. */
export async function checkBlobAttestation(
  found: BlobAttestation,
  content: BlobContent,
  policy: StatementPolicy,
): Promise<SignatureResult> {
  const other = (type: string): Reason => ({
    code: "predicate-type-mismatch",
    message: "an attestation of another predicate type is there",
    expected: policy.predicateType,
    found: type.slice(0, 200),
  });
  if (found.kind === "envelope") {
    return await checkStatement("legacy", found.envelope, content, policy, other);
  }
  const { material, content: inner } = found.bundle;
  if (material === "certificate") return refused("bundle", CERTIFICATE);
  if (inner.kind === "message") {
    return refused("bundle", {
      code: "claim-malformed",
      message: "the bundle holds a signature of the file, and no attestation",
    });
  }
  return await checkStatement("bundle", inner.envelope, content, policy, other);
}
