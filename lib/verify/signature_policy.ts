import type { PublicKey } from "../keys/public_key.ts";
import type { Annotations } from "../signature/claim.ts";
import type { TrustPolicy } from "./trust_policy.ts";

/** A public key that is trusted to sign, and what to call it in reports. */
export interface TrustedKey {
  readonly name: string;
  readonly key: PublicKey;
}

/** What a signature must satisfy; one that does is enough for an image. */
export interface SignaturePolicy {
  /** The signature must be by one of these, or by an identity that `trust` names. */
  readonly keys: readonly TrustedKey[];
  /** What logs, timestamps and certificates must prove; nothing is asked of them unless told. */
  readonly trust?: TrustPolicy | undefined;
  /** Each must be signed with just this value; others may be signed too. */
  readonly annotations: Annotations;
}
