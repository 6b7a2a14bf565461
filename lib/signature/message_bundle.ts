import { decodeBase64, decodeText, encodeBase64, encodeText } from "../base/bytes.ts";
import { stringifyAsGo } from "../base/go_json.ts";
import type { SignatureHash } from "../keys/algorithm.ts";
import { type BlobBundle, BUNDLE_MEDIA_TYPE, parseBundle } from "./bundle.ts";
import { NO_MATERIAL, type OldBundle, parseOldBundle } from "./material.ts";
import { certificatesPem, rekorBundle } from "./material_annotations.ts";
import { materialJson, type VerificationMaterial } from "./verification_material.ts";

/** What sigstore's bundles call hashes (protobuf-specs, sigstore_common.proto, HashAlgorithm). */
const HASH_NAMES: Readonly<Record<SignatureHash, string>> = {
  sha256: "SHA2_256",
  sha384: "SHA2_384",
  sha512: "SHA2_512",
};

/** The signature of a file, and what says so. */
export interface MessageSignature {
  readonly hash: SignatureHash;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly material: VerificationMaterial;
}

/** Write the bundle of a signature over a file, with the fields in cosign's order. */
export function buildMessageBundle(
  { hash, digest, signature, material }: MessageSignature,
): Uint8Array {
  return encodeText(JSON.stringify({
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: materialJson(material),
    messageSignature: {
      messageDigest: { algorithm: HASH_NAMES[hash], digest: encodeBase64(digest) },
      signature: encodeBase64(signature),
    },
  }));
}

/** A signature that stands beside a file. */
export type BlobSignature =
  | { readonly kind: "bundle"; readonly bundle: BlobBundle }
  | ({ readonly kind: "detached" } & OldBundle);

function isOldBundle(untrusted: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(decodeText(untrusted));
    return typeof value === "object" && value !== null && "base64Signature" in value;
  } catch {
    return false;
  }
}

/**
 * Read a bundle file: Sigstore's (any version), or the one that cosign 2 wrote, which has a
 * `base64Signature`.
 *
 * @throws {MalformedError}
 */
export function parseBlobBundle(untrusted: Uint8Array): BlobSignature {
  return isOldBundle(untrusted)
    ? { kind: "detached", ...parseOldBundle(untrusted) }
    : { kind: "bundle", bundle: parseBundle(untrusted) };
}

/**
 * Write the bundle file of cosign 1.13 and 2 (cosign pkg/cosign/fetch.go, LocalSignedPayload). It holds
 * one log entry and no timestamp.
 *
 * @param signed the signature, or an attestation's envelope
 */
export function buildOldBundle(
  signed: Uint8Array,
  { signer, logEntries: [entry] }: VerificationMaterial,
): Uint8Array {
  return encodeText(stringifyAsGo({
    base64Signature: encodeBase64(signed),
    ...(signer.kind === "public-key"
      ? {}
      : { cert: encodeBase64(encodeText(certificatesPem([signer.certificate]))) }),
    ...(entry === undefined ? {} : { rekorBundle: rekorBundle(entry) }),
  }));
}

/**
 * Read a signature as it stands in a file: base64, or the bytes themselves as `--b64=false` writes.
 *
 * @param certificate the signer's, in DER, where it stands in another file
 */
export function parseDetached(
  untrusted: Uint8Array,
  certificate?: Uint8Array,
): Extract<BlobSignature, { kind: "detached" }> {
  let signature = untrusted;
  try {
    signature = decodeBase64(decodeText(untrusted).replace(/\s+/gu, ""));
  } catch {
    // Then the bytes are the signature.
  }
  return {
    kind: "detached",
    signature,
    hasCertificate: certificate !== undefined,
    material: () => ({ ...NO_MATERIAL, certificate }),
  };
}
