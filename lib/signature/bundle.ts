import { bundleFromJSON } from "@sigstore/bundle";
import { decodeText, encodeBase64, encodeText } from "../base/bytes.ts";
import { MalformedError, messageOf } from "../base/errors.ts";
import type { Envelope } from "./dsse.ts";
import { INTOTO_PAYLOAD_TYPE } from "./statement.ts";

/** The media type of what cosign 3 writes, and the oldest that it reads on images. */
export const BUNDLE_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** What every bundle's layer type begins with, whatever its version. */
export const BUNDLE_MEDIA_TYPE_PREFIX = "application/vnd.dev.sigstore.bundle";

/** The manifest annotation that names the predicate type of the bundle inside. */
export const PREDICATE_TYPE_ANNOTATION = "dev.sigstore.bundle.predicateType";

/** A Sigstore bundle as far as it is needed to verify an image's signature with a key. */
export interface ImageBundle {
  readonly envelope: Envelope;
  /** What the bundle says the signer has: a key that the verifier knows, or a certificate. */
  readonly material: "public-key" | "certificate";
}

/**
 * Read a Sigstore bundle with a DSSE envelope, v0.3 as image signatures have (sigstore protobuf-specs,
 * sigstore_bundle.proto). Exactly one signature is allowed.
 *
 * @throws {MalformedError}
 */
export function parseImageBundle(untrusted: Uint8Array): ImageBundle {
  let bundle: ReturnType<typeof bundleFromJSON>;
  try {
    bundle = bundleFromJSON(JSON.parse(decodeText(untrusted)));
  } catch (error) {
    throw new MalformedError("bundle", messageOf(error).slice(0, 200), { cause: error });
  }
  if (
    !/^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.3\+json|\+json;version=0\.3)$/u.test(
      bundle.mediaType,
    )
  ) {
    throw new MalformedError("bundle", `want version 0.3, not "${bundle.mediaType.slice(0, 80)}"`);
  }
  if (bundle.content.$case !== "dsseEnvelope") {
    throw new MalformedError("bundle", "want a DSSE envelope, not a message signature");
  }
  const { payload, payloadType, signatures } = bundle.content.dsseEnvelope;
  return {
    envelope: { payload, payloadType, signatures: signatures.map(({ sig }) => sig) },
    material: bundle.verificationMaterial.content.$case === "publicKey"
      ? "public-key"
      : "certificate",
  };
}

/**
 * Write the bundle of a signature by a key over an in-toto statement, with the fields in cosign's
 * order. The hint is base64 of the key's SHA-256; verifiers ignore it.
 */
export function buildKeyBundle(
  statement: Uint8Array,
  signature: Uint8Array,
  hint: string,
): Uint8Array {
  return encodeText(JSON.stringify({
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint } },
    dsseEnvelope: {
      payload: encodeBase64(statement),
      payloadType: INTOTO_PAYLOAD_TYPE,
      signatures: [{ sig: encodeBase64(signature) }],
    },
  }));
}
