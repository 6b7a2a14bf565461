import { SIGNATURE_HASHES, type SignatureHash } from "../keys/algorithm.ts";
import { holdPieces } from "../keys/hold_pieces.ts";
import { startDigests } from "../keys/message_digests.ts";
import type { PrivateKey } from "../keys/private_key.ts";
import { preAuthEncoding } from "../signature/dsse.ts";
import type { Content, Signed } from "./signer.ts";

/**
 * The hash that a bundle names beside the signature: the one that was signed. Ed25519 signs the file
 * itself; cosign 3 names no digest there, and then does not verify its own bundle.
 */
function namedHash({ algorithm }: PrivateKey): SignatureHash {
  return algorithm === "ed25519" ? "sha512" : SIGNATURE_HASHES[algorithm][0];
}

/** Sign content with a key, read once. */
export async function makeSignature(
  key: PrivateKey,
  content: Content,
  { forLog }: { readonly forLog: boolean },
): Promise<Omit<Signed, "material">> {
  const hash = namedHash(key);
  const running = startDigests(["sha256", hash]);
  const watch = async function* (
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      running.update(piece);
      yield piece;
    }
  };
  let signature: Uint8Array;
  if (content.kind === "file") {
    // Logs know files by their digest, and of Ed25519 only the way that signs the digest.
    const prehashed = forLog && key.algorithm === "ed25519";
    const pieces = watch(content.pieces);
    signature = prehashed ? await key.sign(await holdPieces(pieces)) : await key.signPieces(pieces);
  } else {
    const bytes = content.kind === "payload"
      ? content.bytes
      : preAuthEncoding(content.payloadType, content.payload);
    running.update(bytes);
    signature = await key.sign(bytes);
  }
  const digests = running.digests();
  return { signature, hash, digest: digests[hash]!, sha256: digests.sha256! };
}
