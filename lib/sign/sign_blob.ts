import { SIGNATURE_HASHES, type SignatureHash } from "../keys/algorithm.ts";
import { startDigests } from "../keys/message_digests.ts";
import type { PrivateKey } from "../keys/private_key.ts";
import { type Digest, digestOfHash } from "../reference/digest.ts";
import { buildMessageBundle } from "../signature/message_bundle.ts";

/** A signed file. */
export interface SignedBlob {
  readonly digest: Digest;
  /** As cosign's `--output-signature` has it, before base64. */
  readonly signature: Uint8Array;
  /** The Sigstore bundle. */
  readonly bundle: Uint8Array;
}

/**
 * The hash that a bundle names beside the signature: the one that was signed. Ed25519 signs the file
 * itself; cosign 3 names no digest there, and then does not verify its own bundle.
 */
function namedHash({ algorithm }: PrivateKey): SignatureHash {
  return algorithm === "ed25519" ? "sha512" : SIGNATURE_HASHES[algorithm][0];
}

/**
 * Sign a file of any size, read once and not held; with an Ed25519 key it is, and may not be larger
 * than {@link MAX_HELD_BYTES}.
 *
 * @throws {KeyError} if it is too large for the key
 */
export async function signBlob(
  key: PrivateKey,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<SignedBlob> {
  const hash = namedHash(key);
  const running = startDigests(["sha256", hash]);
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      running.update(piece);
      yield piece;
    }
  };
  const signature = await key.signPieces(watched());
  const digests = running.digests();
  return {
    digest: digestOfHash(digests.sha256!),
    signature,
    bundle: buildMessageBundle({
      hash,
      digest: digests[hash]!,
      signature,
      hint: key.publicKey.hint,
    }),
  };
}
