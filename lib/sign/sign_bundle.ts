import { equalBytes } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import { listReferrers } from "../registry/list_referrers.ts";
import { RegistryError } from "../registry/registry_error.ts";
import { attachBundle } from "../signature/attach_bundle.ts";
import { parseImageBundle } from "../signature/bundle.ts";
import { preAuthEncoding } from "../signature/dsse.ts";
import { TooManySignaturesError } from "../signature/read_legacy.ts";
import { orderReferrers, readReferrer } from "../signature/read_referrer.ts";
import { buildSignStatement, SIGN_PREDICATE_TYPE } from "../signature/statement.ts";
import { hasBundleWitnesses } from "./is_witnessed.ts";
import { signStatement, statementBundle } from "./sign_statement.ts";
import type { SigningJob, SignOutcome } from "./signing_job.ts";

/** Whether a stored bundle is a signature by our key over just this statement. */
async function isOurs(
  { signer }: SigningJob,
  untrusted: Uint8Array,
  statement: Uint8Array,
): Promise<boolean> {
  try {
    const { payload, payloadType, signatures: [signature] } = parseImageBundle(untrusted).envelope;
    return signature !== undefined && equalBytes(payload, statement) &&
      hasBundleWitnesses(signer, untrusted) &&
      await verifySignature(signer.publicKey, preAuthEncoding(payloadType, payload), signature);
  } catch (error) {
    if (error instanceof MalformedError) return false;
    throw error;
  }
}

/** Whether a referrer is beyond reading, so that it is none of ours: anybody may put one there. */
function isBroken(error: unknown): boolean {
  return error instanceof MalformedError || error instanceof TooManySignaturesError ||
    error instanceof RegistryError && error.failure === "invalid-answer";
}

async function isSigned(
  job: SigningJob,
  statement: Uint8Array,
  wanted: string,
): Promise<boolean> {
  const { remote, subject, store, signer, options } = job;
  // Without a key nothing that is stored can be told to be ours.
  if (signer.publicKey === undefined) return false;
  const { descriptors } = await listReferrers(remote, store.repository, subject.digest, {
    hasFallbackTag: options.tags?.has(store.referrersTag),
  });
  for (const descriptor of orderReferrers(descriptors, wanted)) {
    try {
      const referrer = await readReferrer(remote, store.repository, descriptor, { wanted });
      if (referrer.kind === "bundle" && await isOurs(job, referrer.bytes, statement)) return true;
    } catch (error) {
      if (!isBroken(error)) throw error;
    }
  }
  return false;
}

/**
 * Sign a statement about an image and store both as a bundle, unless this key has signed the same
 * statement already.
 */
export async function bundleStatement(
  job: SigningJob,
  statement: Uint8Array,
  predicateType: string,
): Promise<SignOutcome> {
  const { remote, subject, store, signer, options } = job;
  const { clock, random } = options;
  if (await isSigned(job, statement, predicateType)) return "already-signed";
  if (options.dryRun === true) return "to-sign";
  await attachBundle(remote, store, {
    bundle: statementBundle(await signStatement(signer, statement)),
    predicateType,
    subject,
    knownNoFallbackTag: options.tags?.has(store.referrersTag) === false,
    clock,
    random,
  });
  return "signed";
}

/** Sign an image with a Sigstore bundle, unless this key has signed the same statement already. */
export async function signBundle(job: SigningJob): Promise<SignOutcome> {
  const { subject, options } = job;
  const statement = buildSignStatement(subject.digest, options.annotations);
  return await bundleStatement(job, statement, SIGN_PREDICATE_TYPE);
}
