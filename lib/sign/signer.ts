import type { SignatureHash } from "../keys/algorithm.ts";
import type { PublicKey } from "../keys/public_key.ts";
import type { VerificationMaterial } from "../signature/verification_material.ts";

/** What can be signed. */
export type Content =
  /** A payload in an envelope (DSSE). */
  | { readonly kind: "envelope"; readonly payloadType: string; readonly payload: Uint8Array }
  /** A few bytes as they stand: a simple-signing payload. */
  | { readonly kind: "payload"; readonly bytes: Uint8Array }
  /** A file of any size. */
  | {
    readonly kind: "file";
    readonly pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  };

/** A signature, and what others verify it by. */
export interface Signed {
  readonly signature: Uint8Array;
  /** The hash that a bundle names beside the signature, and the digest of what was signed. */
  readonly hash: SignatureHash;
  readonly digest: Uint8Array;
  /** SHA-256 of what was signed. */
  readonly sha256: Uint8Array;
  readonly material: VerificationMaterial;
}

/** Signs, and has its signatures witnessed if it was opened so. */
export interface ContentSigner {
  /** The key, if it is one and the same for all signatures. */
  readonly publicKey: PublicKey | undefined;
  /** Whether its signatures come with log entries and with timestamps. */
  readonly witnesses: { readonly log: boolean; readonly time: boolean };
  /**
   * Sign.
   *
   * @throws {ServiceError} if a service could not be used
   * @throws {IdentityError} if there is no token that says who signs
   * @throws {KeyError}
   */
  sign(content: Content): Promise<Signed>;
}
