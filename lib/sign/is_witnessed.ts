/**
 * Whether a stored signature has at least the witnesses that a new one would have. Only then is it as
 * good, and nothing is signed again. What the witnesses said is for those who verify.
 */

import type { PublicKey } from "../keys/public_key.ts";
import type { Descriptor } from "../registry/manifest.ts";
import { readBundle } from "../signature/bundle.ts";
import { LEGACY_ANNOTATIONS } from "../signature/read_legacy.ts";
import type { ContentSigner } from "./signer.ts";

/** A signer that signs with one key: what others signed can be told from what it did. */
type KeySigner = ContentSigner & { readonly publicKey: PublicKey };

/** Whether a legacy layer has the witnesses of a signer with a key. */
export function hasLegacyWitnesses(
  signer: ContentSigner,
  { annotations = {} }: Pick<Descriptor, "annotations">,
): signer is KeySigner {
  const { publicKey, witnesses } = signer;
  return publicKey !== undefined &&
    (!witnesses.log || annotations[LEGACY_ANNOTATIONS.bundle] !== undefined) &&
    (!witnesses.time || annotations[LEGACY_ANNOTATIONS.timestamp] !== undefined);
}

/**
 * Whether a bundle has the witnesses of a signer with a key.
 *
 * @throws {MalformedError}
 */
export function hasBundleWitnesses(
  signer: ContentSigner,
  untrusted: Uint8Array,
): signer is KeySigner {
  const { publicKey, witnesses } = signer;
  if (publicKey === undefined) return false;
  if (!witnesses.log && !witnesses.time) return true;
  const { tlogEntries, timestampVerificationData } = readBundle(untrusted).bundle
    .verificationMaterial;
  const timestamps = timestampVerificationData?.rfc3161Timestamps ?? [];
  return (!witnesses.log || tlogEntries.length > 0) && (!witnesses.time || timestamps.length > 0);
}
