import { concatBytes } from "../base/bytes.ts";
import { MAX_ATTACHMENT_BYTES } from "../base/limits.ts";
import { KeyError } from "./key_error.ts";

/** Larger messages are not signed or verified with Ed25519: what cosign accepts in memory, too. */
export const MAX_HELD_BYTES: number = MAX_ATTACHMENT_BYTES;

/**
 * Hold a message that comes piece by piece, for an Ed25519 key.
 *
 * @throws {KeyError} if it is longer than {@link MAX_HELD_BYTES}
 */
export async function holdPieces(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > MAX_HELD_BYTES) {
      throw new KeyError(
        `Cannot sign over ${MAX_HELD_BYTES} bytes with an Ed25519 key: it signs the whole file at ` +
          "once; use an ECDSA or RSA key",
      );
    }
    held.push(piece);
  }
  return concatBytes(held);
}
