import { decodeBase64 } from "../base/bytes.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import { digestOf } from "../reference/digest.ts";
import { formatRepository } from "../reference/reference.ts";
import { attachLegacy } from "../signature/attach_legacy.ts";
import { buildClaim } from "../signature/claim.ts";
import { type LegacySignature, readLegacySignatures } from "../signature/read_legacy.ts";
import type { SigningJob, SignOutcome } from "./signing_job.ts";

/** Sign an image in cosign's legacy form, unless this key has signed the same claim already. */
export async function signLegacy(job: SigningJob): Promise<SignOutcome> {
  const { remote, image, subject, store, options } = job;
  const { key, clock, random, dockerMediaTypes } = options;
  const payload = buildClaim(
    options.dockerReference ?? formatRepository(image),
    subject.digest,
    options.annotations,
  );
  const isOurs = async (stored: LegacySignature): Promise<boolean> => {
    try {
      return await verifySignature(key.publicKey, payload, decodeBase64(stored.signature));
    } catch {
      // Not base64: somebody else's trouble, and no signature of ours.
      return false;
    }
  };
  const knownAbsent = options.tags?.has(store.signatureTag) === false;
  if (options.dryRun === true) {
    const digest = digestOf(payload);
    const found = knownAbsent ? undefined : await readLegacySignatures(remote, store);
    for (const stored of found?.signatures ?? []) {
      if (stored.payload.digest === digest && await isOurs(stored)) return "already-signed";
    }
    return "to-sign";
  }
  const attached = await attachLegacy(remote, store, {
    payload,
    sign: async () => await key.sign(payload),
    isOurs,
    knownAbsent,
    dockerMediaTypes,
    clock,
    random,
  });
  return attached ? "signed" : "already-signed";
}
