/** @sigstore/verify, as another judge of the same bundles. */

import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";

const { verify } = crypto;

/**
 * The package names no hash where it means SHA-256, which Deno's node:crypto refuses for ECDSA and RSA:
 * there it would take no bundle for good. Name it, for this process.
 */
export function nameHash(): void {
  crypto.verify = ((hash, data, key, signature) => {
    const { asymmetricKeyType } = key as crypto.KeyObject;
    const meant = hash ?? (asymmetricKeyType === "ed25519" ? null : "sha256");
    return verify(meant, data, key, signature);
  }) as typeof verify;
}

/** Make a judge of bundles that trusts a root; it answers why not, or nothing. */
export function openOracle(root: unknown): (bundle: unknown, artifact: Uint8Array) => string {
  nameHash();
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(root)));
  return (bundle, artifact) => {
    try {
      verifier.verify(toSignedEntity(bundleFromJSON(bundle), Buffer.from(artifact)));
      return "";
    } catch (error) {
      return String(error);
    }
  };
}
