import type { PrivateKey } from "../keys/private_key.ts";
import { type Digest, digestOfHash } from "../reference/digest.ts";
import { buildMessageBundle } from "../signature/message_bundle.ts";
import type { VerificationMaterial } from "../signature/verification_material.ts";
import { toSigner } from "./key_signer.ts";
import type { ContentSigner } from "./signer.ts";

/** A signed file. */
export interface SignedBlob {
  readonly digest: Digest;
  /** As cosign's `--output-signature` has it, before base64. */
  readonly signature: Uint8Array;
  /** The Sigstore bundle. */
  readonly bundle: Uint8Array;
  readonly material: VerificationMaterial;
}

/**
 * Sign a file of any size, read once and not held; with an Ed25519 key it is, and may not be larger
 * than {@link MAX_HELD_BYTES}.
 *
 * @throws as {@link ContentSigner.sign}
 */
export async function signBlob(
  signer: PrivateKey | ContentSigner,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<SignedBlob> {
  const { signature, hash, digest, sha256, material } = await toSigner(signer).sign({
    kind: "file",
    pieces,
  });
  return {
    digest: digestOfHash(sha256),
    signature,
    bundle: buildMessageBundle({ hash, digest, signature, material }),
    material,
  };
}
