import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, createSign, type KeyObject, sign } from "node:crypto";
import { decodeBase64 } from "../base/bytes.ts";
import {
  type KeyAlgorithm,
  recogniseAlgorithm,
  SIGNATURE_HASHES,
  type SignatureHash,
} from "./algorithm.ts";
import { holdPieces } from "./hold_pieces.ts";
import { KeyError } from "./key_error.ts";
import { type PublicKey, publicKeyFromSpki } from "./public_key.ts";

/** A key that signs. What is secret of it is not among its fields. */
export interface PrivateKey {
  readonly algorithm: KeyAlgorithm;
  readonly publicKey: PublicKey;
  /**
   * Sign as cosign 3 does: ECDSA in DER over the curve's own hash, RSA PKCS#1 v1.5 over SHA-256,
   * Ed25519ph.
   */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /**
   * Sign a message that comes piece by piece, as cosign signs blobs: as `sign` does, except that
   * Ed25519 is pure. It is over the message itself, which is therefore held, up to
   * {@link MAX_HELD_BYTES}.
   *
   * @throws {KeyError} if it is longer
   */
  signPieces(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array>;
}

type Sign = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;

function openSigner(key: KeyObject, algorithm: KeyAlgorithm): Sign {
  if (algorithm === "ed25519") {
    const seed = decodeBase64(key.export({ format: "jwk" }).d!);
    return async (message) => {
      // Loaded only here, since other keys do not need it.
      const { ed25519ph } = await import("@noble/curves/ed25519.js");
      return ed25519ph.sign(message, seed);
    };
  }
  const [hash] = SIGNATURE_HASHES[algorithm];
  return (message) => new Uint8Array(sign(hash, message, key));
}

async function signPure(key: KeyObject, pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(sign(null, await holdPieces(pieces), key));
}

/** ECDSA and RSA sign a digest, so that nothing is held. */
async function signHashed(
  key: KeyObject,
  hash: SignatureHash,
  pieces: AsyncIterable<Uint8Array>,
): Promise<Uint8Array> {
  const signer = createSign(hash);
  for await (const piece of pieces) signer.update(piece);
  return new Uint8Array(signer.sign(key));
}

function importPkcs8(pkcs8: Uint8Array): KeyObject {
  const key = Buffer.from(pkcs8);
  try {
    return createPrivateKey({ key, format: "der", type: "pkcs8" });
  } catch {
    throw new KeyError("Cannot read private key: it is not PKCS#8");
  } finally {
    key.fill(0);
  }
}

/**
 * Read a private key from PKCS#8, DER (RFC 5958). The bytes are not kept; wipe them.
 *
 * @throws {KeyError} if it is no such key, or of an unsupported kind
 */
export function parsePrivateKey(pkcs8: Uint8Array): PrivateKey {
  const key = importPkcs8(pkcs8);
  const algorithm = recogniseAlgorithm(key, "private key");
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const signMessage = openSigner(key, algorithm);
  return {
    algorithm,
    publicKey: publicKeyFromSpki(new Uint8Array(spki)),
    sign: (message) => new Promise((resolve) => resolve(signMessage(message))),
    signPieces: (pieces) =>
      algorithm === "ed25519"
        ? signPure(key, pieces)
        : signHashed(key, SIGNATURE_HASHES[algorithm][0], pieces),
  };
}
