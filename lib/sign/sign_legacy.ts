import { decodeBase64 } from "../base/bytes.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import { digestOf } from "../reference/digest.ts";
import { formatRepository } from "../reference/reference.ts";
import { attachLegacy, type NewSignature } from "../signature/attach_legacy.ts";
import { attachLegacyReferrer } from "../signature/attach_legacy_referrer.ts";
import { buildClaim } from "../signature/claim.ts";
import {
  LEGACY_ARTIFACT_TYPE,
  type LegacySignature,
  readLegacySignatures,
} from "../signature/read_legacy.ts";
import { materialAnnotations } from "../signature/material_annotations.ts";
import { hasLegacyWitnesses } from "./is_witnessed.ts";
import {
  joinOutcomes,
  type SigningJob,
  type SignOptions,
  type SignOutcome,
} from "./signing_job.ts";
import { someReferrer } from "./some_referrer.ts";

/** What legacy signatures of an image are over. */
export function legacyPayloads(
  { image, subject, options }: Pick<SigningJob, "image" | "subject"> & {
    readonly options: Pick<SignOptions, "annotations" | "dockerReference" | "payload">;
  },
): readonly Uint8Array[] {
  const { payload, annotations, dockerReference = formatRepository(image) } = options;
  if (payload !== undefined) return [payload];
  return [dockerReference].flat().map((reference) =>
    buildClaim(reference, subject.digest, annotations)
  );
}

/** Whether a stored signature is by our key over this payload. */
async function isOurs(
  { signer }: SigningJob,
  payload: Uint8Array,
  stored: LegacySignature,
): Promise<boolean> {
  if (stored.payload.digest !== digestOf(payload)) return false;
  if (!hasLegacyWitnesses(signer, stored.payload)) return false;
  try {
    return await verifySignature(signer.publicKey, payload, decodeBase64(stored.signature));
  } catch {
    // Not base64: somebody else's trouble, and no signature of ours.
    return false;
  }
}

async function someOurs(
  job: SigningJob,
  payload: Uint8Array,
  signatures: readonly LegacySignature[],
): Promise<boolean> {
  for (const stored of signatures) if (await isOurs(job, payload, stored)) return true;
  return false;
}

/** Sign one payload, and tell what is written beside the signature. */
async function signPayload({ signer }: SigningJob, payload: Uint8Array): Promise<NewSignature> {
  const { signature, material } = await signer.sign({ kind: "payload", bytes: payload });
  return { signature, annotations: materialAnnotations(material) };
}

/** Sign one payload, and store the signature as a referrer. */
async function signAsReferrer(job: SigningJob, payload: Uint8Array): Promise<SignOutcome> {
  const { remote, subject, store, options } = job;
  const { key: _, tags, dryRun, ...settings } = options;
  const isSigned = await someReferrer(job, {
    choose: (listed) => listed.filter(({ artifactType }) => artifactType === LEGACY_ARTIFACT_TYPE),
    wanted: undefined,
    isOurs: async (referrer) =>
      referrer.kind === "legacy" && await someOurs(job, payload, referrer.signatures),
  });
  if (isSigned) return "already-signed";
  if (dryRun === true) return "to-sign";
  await attachLegacyReferrer(remote, store, {
    ...settings,
    payload,
    ...await signPayload(job, payload),
    subject,
    knownNoFallbackTag: tags?.has(store.referrersTag) === false,
  });
  return "signed";
}

/** Sign one payload, and store the signature under the legacy tag. */
async function signUnderTag(job: SigningJob, payload: Uint8Array): Promise<SignOutcome> {
  const { remote, store, options } = job;
  const { tags, clock, random, dockerMediaTypes, created } = options;
  const knownAbsent = tags?.has(store.signatureTag) === false;
  if (options.dryRun === true) {
    const found = knownAbsent ? undefined : await readLegacySignatures(remote, store);
    return await someOurs(job, payload, found?.signatures ?? []) ? "already-signed" : "to-sign";
  }
  const attached = await attachLegacy(remote, store, {
    payload,
    sign: () => signPayload(job, payload),
    isOurs: (stored) => isOurs(job, payload, stored),
    knownAbsent,
    dockerMediaTypes,
    created,
    clock,
    random,
  });
  return attached ? "signed" : "already-signed";
}

/** Sign an image in cosign's legacy form, unless this key has signed the same already. */
export async function signLegacy(job: SigningJob): Promise<SignOutcome> {
  const sign = job.options.legacyReferrers === true ? signAsReferrer : signUnderTag;
  const outcomes: SignOutcome[] = [];
  for (const payload of legacyPayloads(job)) outcomes.push(await sign(job, payload));
  return joinOutcomes(outcomes);
}
