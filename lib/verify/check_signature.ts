import { verifySignature } from "../keys/verify_signature.ts";
import type { TrustedKey } from "./signature_policy.ts";
import type { Signer } from "./verdict.ts";

/** Find which of the trusted keys made a signature; `undefined` where none did. */
export async function findSigner(
  keys: readonly TrustedKey[],
  message: Uint8Array,
  signature: Uint8Array,
): Promise<Signer | undefined> {
  for (const { name, key, hash } of keys) {
    if (await verifySignature(key, message, signature, hash)) {
      return { kind: "key", name, fingerprint: key.fingerprint };
    }
  }
  return undefined;
}
