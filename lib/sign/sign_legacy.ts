import { decodeBase64 } from "../base/bytes.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import { digestOf } from "../reference/digest.ts";
import { formatRepository } from "../reference/reference.ts";
import { attachLegacy } from "../signature/attach_legacy.ts";
import { buildClaim } from "../signature/claim.ts";
import { type LegacySignature, readLegacySignatures } from "../signature/read_legacy.ts";
import { materialAnnotations } from "../signature/material_annotations.ts";
import { hasLegacyWitnesses } from "./is_witnessed.ts";
import type { SigningJob, SignOutcome } from "./signing_job.ts";

/** Sign an image in cosign's legacy form, unless this key has signed the same claim already. */
export async function signLegacy(job: SigningJob): Promise<SignOutcome> {
  const { remote, image, subject, store, signer, options } = job;
  const { clock, random, dockerMediaTypes } = options;
  const payload = buildClaim(
    options.dockerReference ?? formatRepository(image),
    subject.digest,
    options.annotations,
  );
  const isOurs = async ({ payload: layer, signature }: LegacySignature): Promise<boolean> => {
    if (!hasLegacyWitnesses(signer, layer)) return false;
    try {
      return await verifySignature(signer.publicKey, payload, decodeBase64(signature));
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
    async sign() {
      const { signature, material } = await signer.sign({ kind: "payload", bytes: payload });
      return { signature, annotations: materialAnnotations(material) };
    },
    isOurs,
    knownAbsent,
    dockerMediaTypes,
    clock,
    random,
  });
  return attached ? "signed" : "already-signed";
}
