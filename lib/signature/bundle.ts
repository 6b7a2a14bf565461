import { bundleFromJSON } from "@sigstore/bundle";
import { decodeText, encodeBase64, encodeText } from "../base/bytes.ts";
import { MalformedError, messageOf } from "../base/errors.ts";
import type { SignatureHash } from "../keys/algorithm.ts";
import type { Envelope } from "./dsse.ts";
import { INTOTO_PAYLOAD_TYPE } from "./statement.ts";
import { materialJson, type VerificationMaterial } from "./verification_material.ts";

/** The media type of what cosign 3 writes, and the oldest that it reads on images. */
export const BUNDLE_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** What every bundle's layer type begins with, whatever its version. */
export const BUNDLE_MEDIA_TYPE_PREFIX = "application/vnd.dev.sigstore.bundle";

/** The manifest annotation that names the predicate type of the bundle inside. */
export const PREDICATE_TYPE_ANNOTATION = "dev.sigstore.bundle.predicateType";

/** A Sigstore bundle as images have them. */
export interface ImageBundle {
  readonly envelope: Envelope;
  /** What the bundle says the signer has: a key that the verifier knows, or a certificate. */
  readonly material: "public-key" | "certificate";
  /** The bundle with all that it holds. */
  readonly whole: SigstoreBundle;
}

/** A Sigstore bundle about anything. */
export interface BlobBundle {
  readonly mediaType: string;
  readonly material: ImageBundle["material"];
  readonly whole: SigstoreBundle;
  readonly content:
    | { readonly kind: "envelope"; readonly envelope: Envelope }
    | {
      readonly kind: "message";
      readonly signature: Uint8Array;
      /** What the bundle says that was signed; nobody vouches for it. */
      readonly claimed?: { readonly hash: SignatureHash; readonly digest: Uint8Array };
    };
}

/** sigstore_common.proto, HashAlgorithm. */
const HASHES: Readonly<Record<number, SignatureHash>> = { 1: "sha256", 2: "sha384", 3: "sha512" };

/** cosign 3 writes an empty digest where an Ed25519 key signs, and the package wants one. */
function fillDigest(json: unknown): { readonly json: unknown; readonly filled: boolean } {
  const { messageSignature } = (json ?? {}) as { messageSignature?: Record<string, unknown> };
  const digest = messageSignature?.["messageDigest"];
  const empty = digest === undefined || JSON.stringify(digest) === "{}";
  if (messageSignature === undefined || messageSignature === null || !empty) {
    return { json, filled: false };
  }
  const messageDigest = { algorithm: "SHA2_256", digest: "AA==" };
  return {
    json: { ...json as object, messageSignature: { ...messageSignature, messageDigest } },
    filled: true,
  };
}

/** A bundle with all that it may hold. */
export type SigstoreBundle = ReturnType<typeof bundleFromJSON>;

/** Read a bundle whole, and tell whether its digest is an invention of {@link fillDigest}. */
export function readBundle(
  untrusted: Uint8Array,
): { readonly bundle: SigstoreBundle; readonly filled: boolean } {
  try {
    const { json, filled } = fillDigest(JSON.parse(decodeText(untrusted)));
    return { bundle: bundleFromJSON(json), filled };
  } catch (error) {
    throw new MalformedError("bundle", messageOf(error).slice(0, 200), { cause: error });
  }
}

/**
 * Read a Sigstore bundle (sigstore protobuf-specs, sigstore_bundle.proto). Exactly one signature is
 * allowed.
 *
 * @throws {MalformedError}
 */
export function parseBundle(untrusted: Uint8Array): BlobBundle {
  const { bundle, filled } = readBundle(untrusted);
  const { mediaType, content, verificationMaterial } = bundle;
  const material = verificationMaterial.content.$case === "publicKey"
    ? "public-key"
    : "certificate";
  if (content.$case === "dsseEnvelope") {
    const { payload, payloadType, signatures } = content.dsseEnvelope;
    const envelope = { payload, payloadType, signatures: signatures.map(({ sig }) => sig) };
    return { mediaType, material, whole: bundle, content: { kind: "envelope", envelope } };
  }
  const { signature, messageDigest } = content.messageSignature;
  const hash = HASHES[messageDigest.algorithm];
  const claimed = filled || hash === undefined ? {} : {
    claimed: { hash, digest: new Uint8Array(messageDigest.digest) },
  };
  return {
    mediaType,
    material,
    whole: bundle,
    content: { kind: "message", signature, ...claimed },
  };
}

/**
 * Read a Sigstore bundle with a DSSE envelope, v0.3 as image signatures have. Exactly one signature is
 * allowed.
 *
 * @throws {MalformedError}
 */
export function parseImageBundle(untrusted: Uint8Array): ImageBundle {
  const { mediaType, material, whole, content } = parseBundle(untrusted);
  if (
    !/^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.3\+json|\+json;version=0\.3)$/u.test(
      mediaType,
    )
  ) {
    throw new MalformedError("bundle", `want version 0.3, not "${mediaType.slice(0, 80)}"`);
  }
  if (content.kind !== "envelope") {
    throw new MalformedError("bundle", "want a DSSE envelope, not a message signature");
  }
  return { envelope: content.envelope, material, whole };
}

/** Write the bundle of a signature over an in-toto statement, with the fields in cosign's order. */
export function buildStatementBundle(
  statement: Uint8Array,
  signature: Uint8Array,
  material: VerificationMaterial,
): Uint8Array {
  return encodeText(JSON.stringify({
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: materialJson(material),
    dsseEnvelope: {
      payload: encodeBase64(statement),
      payloadType: INTOTO_PAYLOAD_TYPE,
      signatures: [{ sig: encodeBase64(signature) }],
    },
  }));
}
