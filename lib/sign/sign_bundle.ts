import { MalformedError } from "../base/errors.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import { attachBundle } from "../signature/attach_bundle.ts";
import { parseImageBundle } from "../signature/bundle.ts";
import { preAuthEncoding } from "../signature/dsse.ts";
import { orderReferrers } from "../signature/read_referrer.ts";
import { buildSignStatement, SIGN_PREDICATE_TYPE, signsTheSame } from "../signature/statement.ts";
import { hasBundleWitnesses } from "./is_witnessed.ts";
import { signStatement, statementBundle } from "./sign_statement.ts";
import type { SigningJob, SignOutcome } from "./signing_job.ts";
import { someReferrer } from "./some_referrer.ts";

/** Whether a stored bundle is a signature by our key over what this statement says. */
async function isOurs(
  { signer }: SigningJob,
  untrusted: Uint8Array,
  statement: Uint8Array,
): Promise<boolean> {
  try {
    const { payload, payloadType, signatures: [signature] } = parseImageBundle(untrusted).envelope;
    return signature !== undefined && signsTheSame(payload, statement) &&
      hasBundleWitnesses(signer, untrusted) &&
      await verifySignature(signer.publicKey, preAuthEncoding(payloadType, payload), signature);
  } catch (error) {
    if (error instanceof MalformedError) return false;
    throw error;
  }
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
  // Without a key nothing that is stored can be told to be ours.
  const isSigned = signer.publicKey !== undefined && await someReferrer(job, {
    choose: (listed) => orderReferrers(listed, predicateType),
    wanted: predicateType,
    isOurs: async (referrer) =>
      referrer.kind === "bundle" && await isOurs(job, referrer.bytes, statement),
  });
  if (isSigned) return "already-signed";
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
