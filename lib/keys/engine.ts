import type { SignatureHash } from "./algorithm.ts";
import type { PublicKey } from "./public_key.ts";

/**
 * Check a signature by one key: ECDSA (DER), RSA (PKCS#1 v1.5) or pure Ed25519. A signature that is
 * malformed is false and no error. Ed25519 takes no heed of `hash`.
 */
export type SignatureCheck = (
  message: Uint8Array,
  signature: Uint8Array,
  hash: SignatureHash,
) => Promise<boolean>;

/** A platform's way to check signatures. */
export interface Engine {
  /** Import a key, once for many checks. */
  importKey(key: PublicKey): Promise<SignatureCheck>;
}
