import { concatBytes } from "../base/bytes.ts";
import { type KeyAlgorithm, SIGNATURE_HASHES, type SignatureHash } from "../keys/algorithm.ts";
import { type MessageDigests, startDigests } from "../keys/message_digests.ts";
import { MAX_HELD_BYTES } from "../keys/hold_pieces.ts";
import { type Digest, digestHex, digestOfHash } from "../reference/digest.ts";

/** What is known of a file that is signed, or that a signature is for. */
export interface BlobContent {
  readonly digest: Digest;
  readonly digests: MessageDigests;
  /** The content itself, where it is small or the keys need it. */
  readonly bytes?: Uint8Array;
}

/** Smaller files are held: platforms verify a message ten times as fast as JavaScript its digest. */
const SMALL_BYTES = 1024 * 1024;

/** What hashes signatures by some keys are over, SHA-256 always among them. */
export function hashesOf(algorithms: readonly KeyAlgorithm[]): readonly SignatureHash[] {
  const hashes = algorithms.flatMap((algorithm) =>
    algorithm === "ed25519" ? [] : SIGNATURE_HASHES[algorithm]
  );
  return [...new Set<SignatureHash>(["sha256", ...hashes])];
}

/**
 * Read a file of any size once, as far as it is needed to verify signatures by keys of these kinds. A
 * large one is hashed and not held, except that Ed25519 needs it whole, up to {@link MAX_HELD_BYTES}.
 */
export async function readBlobContent(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  algorithms: readonly KeyAlgorithm[],
): Promise<BlobContent> {
  const limit = algorithms.includes("ed25519") ? MAX_HELD_BYTES : SMALL_BYTES;
  const running = startDigests(hashesOf(algorithms));
  let held: Uint8Array[] | undefined = [];
  let length = 0;
  for await (const piece of pieces) {
    running.update(piece);
    length += piece.length;
    if (length > limit) held = undefined;
    held?.push(piece);
  }
  const digests = running.digests();
  return {
    digest: digestOfHash(digests.sha256!),
    digests,
    ...(held === undefined ? {} : { bytes: concatBytes(held) }),
  };
}

/** A file of which only the digest is known. */
export function contentOfDigest(digest: Digest): BlobContent {
  const pairs = digestHex(digest).match(/../gu)!;
  return { digest, digests: { sha256: Uint8Array.from(pairs, (pair) => parseInt(pair, 16)) } };
}
