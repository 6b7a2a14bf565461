import { concatBytes } from "../base/bytes.ts";
import { SIGNATURE_HASHES, type SignatureHash } from "../keys/algorithm.ts";
import { KeyError } from "../keys/key_error.ts";
import { startDigests } from "../keys/message_digests.ts";
import { MAX_HELD_BYTES, type PrivateKey } from "../keys/private_key.ts";
import { preAuthEncoding } from "../signature/dsse.ts";
import type { Content, Signed } from "./signer.ts";

/**
 * The hash that a bundle names beside the signature: the one that was signed. Ed25519 signs the file
 * itself; cosign 3 names no digest there, and then does not verify its own bundle.
 */
function namedHash({ algorithm }: PrivateKey): SignatureHash {
  return algorithm === "ed25519" ? "sha512" : SIGNATURE_HASHES[algorithm][0];
}

/** Logs know files by their digest, and of Ed25519 only the way that signs the digest. */
async function signHeld(key: PrivateKey, pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > MAX_HELD_BYTES) {
      throw new KeyError(`Cannot sign over ${MAX_HELD_BYTES} bytes with an Ed25519 key`);
    }
    held.push(piece);
  }
  return await key.sign(concatBytes(held));
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
    const prehashed = forLog && key.algorithm === "ed25519";
    const pieces = watch(content.pieces);
    signature = await (prehashed ? signHeld(key, pieces) : key.signPieces(pieces));
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
