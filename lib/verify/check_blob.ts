import { equalBytes } from "../base/bytes.ts";
import type { KeyAlgorithm } from "../keys/algorithm.ts";
import type { BlobContent } from "../signature/blob_content.ts";
import type { BlobBundle } from "../signature/bundle.ts";
import type { Envelope } from "../signature/dsse.ts";
import { bundleMaterial, NO_MATERIAL } from "../signature/material.ts";
import type { BlobSignature } from "../signature/message_bundle.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { SIGN_PREDICATE_TYPE } from "../signature/statement.ts";
import { certificateAlgorithm } from "./check_certificate.ts";
import { checkEnvelope, type FoundEnvelope, type StatementPolicy } from "./check_envelope.ts";
import { type FoundSigner, proveSigner } from "./prove_signer.ts";
import type { Reason } from "./reason.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import { acceptSignature, refuseSignature } from "./signature_result.ts";
import type { SignatureResult } from "./verdict.ts";

/** What keys sign that is not known of a file, so that they cannot be tried; empty as a rule. */
function unseen(
  algorithms: readonly KeyAlgorithm[],
  { bytes, digests }: BlobContent,
): readonly string[] {
  if (bytes !== undefined) return [];
  return algorithms.flatMap((algorithm) => {
    if (algorithm === "ed25519") return ["the whole file"];
    if (algorithm === "ecdsa-p384" && digests.sha384 === undefined) return ["its SHA-384"];
    return algorithm === "ecdsa-p521" && digests.sha512 === undefined ? ["its SHA-512"] : [];
  });
}

function mismatch(
  reason: Reason,
  algorithms: readonly KeyAlgorithm[],
  content: BlobContent,
  differs: boolean,
): Reason {
  if (differs) {
    const message = "the signature is for other content: the digest in its bundle is another";
    return { code: "signature-mismatch", message };
  }
  const [missing] = unseen(algorithms, content);
  if (missing !== undefined) {
    return {
      code: "file-unreadable",
      message: `a key of this kind signs ${missing}, and only a digest of the file is known here`,
    };
  }
  return { ...reason, message: `${reason.message}, or the file was changed` };
}

/** What is there of a signature beside itself. */
type FoundBeside = Pick<FoundSigner, "hasCertificate" | "triesKeys" | "material">;

/** The kind of key in the certificate beside a signature, where there is one. */
function materialAlgorithms(
  { hasCertificate, material }: Omit<FoundBeside, "triesKeys">,
): readonly KeyAlgorithm[] {
  const algorithm = hasCertificate ? certificateAlgorithm(material().certificate!) : undefined;
  return algorithm === undefined ? [] : [algorithm];
}

async function checkMessage(
  found: FoundBeside & { readonly format: SignatureFormat; readonly signature: Uint8Array },
  claimed: Extract<BlobBundle["content"], { kind: "message" }>["claimed"],
  content: BlobContent,
  policy: SignaturePolicy,
): Promise<SignatureResult> {
  const { format, signature, ...beside } = found;
  const { bytes: message, digests } = content;
  const proven = await proveSigner(
    { contents: [{ signature, message, digests }], ...beside },
    policy,
  );
  const own = claimed === undefined ? undefined : content.digests[claimed.hash];
  const differs = claimed !== undefined && own !== undefined && !equalBytes(claimed.digest, own);
  if (proven.reason?.code === "signature-mismatch") {
    const algorithms = [
      ...policy.keys.map(({ key }) => key.algorithm),
      ...materialAlgorithms(beside),
    ];
    return refuseSignature(format, mismatch(proven.reason, algorithms, content, differs), proven);
  }
  if (proven.reason !== undefined) return refuseSignature(format, proven.reason, proven);
  if (differs) {
    return refuseSignature(format, {
      code: "claim-digest-mismatch",
      message: "the signature is good, and the digest in its bundle is another file's",
    }, proven);
  }
  return acceptSignature(format, proven);
}

/** A statement about a file, judged as one about an image is. */
async function checkStatement(
  found: FoundEnvelope,
  { digest }: BlobContent,
  policy: StatementPolicy,
  other: (found: string) => Reason,
): Promise<SignatureResult> {
  const result = await checkEnvelope(found, digest, policy);
  return "verified" in result ? result : refuseSignature(found.format, other(result.predicateType));
}

function besideBundle({ material, whole }: BlobBundle): FoundBeside {
  return {
    hasCertificate: material === "certificate",
    triesKeys: false,
    material: () => bundleMaterial(whole),
  };
}

/**
 * The kind of key in the certificate beside a file's signature, where there is one.
 *
 * @throws {MalformedError}
 */
export function certificateAlgorithms(found: BlobSignature): readonly KeyAlgorithm[] {
  return materialAlgorithms(found.kind === "detached" ? found : besideBundle(found.bundle));
}

/**
 * Judge the signature of a file. An attestation about it is none, whoever made it (cosign 3.1.3 takes
 * it for one), except cosign's statement that something is signed.
 */
export async function checkBlobSignature(
  found: BlobSignature,
  content: BlobContent,
  policy: SignaturePolicy,
): Promise<SignatureResult> {
  if (found.kind === "detached") {
    const { signature, hasCertificate, material } = found;
    const detached = {
      format: "legacy",
      signature,
      hasCertificate,
      triesKeys: true,
      material,
    } as const;
    return await checkMessage(detached, undefined, content, policy);
  }
  const beside = besideBundle(found.bundle);
  const { content: inner } = found.bundle;
  if (inner.kind === "message") {
    const { signature, claimed } = inner;
    return await checkMessage({ format: "bundle", signature, ...beside }, claimed, content, policy);
  }
  const signed = { ...policy, predicateType: SIGN_PREDICATE_TYPE };
  const { envelope } = inner;
  return await checkStatement(
    { format: "bundle", envelope, ...beside },
    content,
    signed,
    (type) => ({
      code: "attestation-only",
      message:
        "the bundle holds an attestation, which is no signature; see verify-blob-attestation",
      expected: SIGN_PREDICATE_TYPE,
      found: type.slice(0, 200),
    }),
  );
}

/** What is attested of a file: in a bundle, or as a bare envelope. */
export type BlobAttestation =
  | { readonly kind: "bundle"; readonly bundle: BlobBundle }
  | { readonly kind: "envelope"; readonly envelope: Envelope; readonly stored: Uint8Array };

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
    const { envelope, stored } = found;
    const bare = { format: "legacy", envelope, stored, hasCertificate: false } as const;
    return await checkStatement({ ...bare, material: () => NO_MATERIAL }, content, policy, other);
  }
  const { content: inner } = found.bundle;
  if (inner.kind === "message") {
    return refuseSignature("bundle", {
      code: "claim-malformed",
      message: "the bundle holds a signature of the file, and no attestation",
    });
  }
  const { envelope } = inner;
  const beside = besideBundle(found.bundle);
  return await checkStatement({ format: "bundle", envelope, ...beside }, content, policy, other);
}
