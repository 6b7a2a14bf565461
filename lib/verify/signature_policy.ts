import type { SignatureHash } from "../keys/algorithm.ts";
import type { PublicKey } from "../keys/public_key.ts";
import type { Annotations } from "../signature/claim.ts";
import type { TrustPolicy } from "./trust_policy.ts";

/** A public key that is trusted to sign, and what to call it in reports. */
export interface TrustedKey {
  readonly name: string;
  readonly key: PublicKey;
  /** A hash that its signatures may be over as well, beside those that fit the key. */
  readonly hash?: SignatureHash | undefined;
}

/** What signatures must satisfy. */
export interface SignaturePolicy {
  /** Each signature must be by one of these, or by an identity that `trust` names. */
  readonly keys: readonly TrustedKey[];
  /**
   * How many of those who are trusted must have signed an image, each with a signature of its own that
   * satisfies: one, unless told; "all" are all keys. A key that is given twice is one key.
   */
  readonly required?: number | "all" | undefined;
  /** What logs, timestamps and certificates must prove; nothing is asked of them unless told. */
  readonly trust?: TrustPolicy | undefined;
  /** Each must be signed with just this value; others may be signed too. */
  readonly annotations: Annotations;
  /**
   * Whether what is signed is read and compared with the image and with the annotations; yes, unless
   * told (cosign's `--check-claims=false`). A bundle on an image must be about it in any case.
   */
  readonly checkClaims?: boolean | undefined;
}
