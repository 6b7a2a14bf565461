import { MAX_ATTACHMENT_BYTES, MAX_SIGNATURES } from "../base/limits.ts";
import { MalformedError } from "../base/errors.ts";
import { type Digest, digestOf } from "../reference/digest.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { fetchBlob } from "../registry/fetch_blob.ts";
import { listReferrers } from "../registry/list_referrers.ts";
import type { Descriptor } from "../registry/manifest.ts";
import type { Remote } from "../registry/remote.ts";
import { buildClaim } from "../signature/claim.ts";
import {
  type LegacySignature,
  readLegacySignatures,
  TooManySignaturesError,
} from "../signature/read_legacy.ts";
import { orderReferrers, readReferrer } from "../signature/read_referrer.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { locateSignatures, type SignatureStore, type StoreOptions } from "../signature/store.ts";
import { checkBundle } from "./check_bundle.ts";
import { checkLegacySignature } from "./check_legacy.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import type { Reason } from "./reason.ts";
import { evidenceOf, reasonOf } from "./unknown.ts";
import type { Evidence, SignatureResult, Verdict } from "./verdict.ts";

/** How to verify. */
export interface VerifyOptions {
  readonly policy: SignaturePolicy;
  readonly store?: StoreOptions;
  /** The tags of the signatures' repository where they were listed: what is not there is not asked for. */
  readonly tags?: ReadonlySet<string> | undefined;
  /** Which format to look for first: what the last image of the repository had, as a rule. */
  readonly first?: SignatureFormat | undefined;
  /** Judge every signature of the format that satisfies, instead of stopping at the first good one. */
  readonly exhaustive?: boolean;
}

/** What is gathered about one digest while its signatures are judged. */
class Findings {
  readonly signatures: SignatureResult[] = [];
  readonly notes: Reason[] = [];
  evidence: { readonly evidence: Evidence; readonly reason: Reason } | undefined;

  get verified(): boolean {
    return this.signatures.some(({ verified }) => verified);
  }

  /** Note what could not be read, and go on: another signature may satisfy. */
  caught(format: SignatureFormat, error: unknown): void {
    if (error instanceof MalformedError || error instanceof TooManySignaturesError) {
      const code = error instanceof MalformedError ? "signature-malformed" : "too-many-signatures";
      this.refuse(format, { code, message: error.message });
      return;
    }
    this.evidence ??= { evidence: evidenceOf(error), reason: reasonOf(error) };
  }

  /** Note a signature that cannot be accepted. */
  refuse(format: SignatureFormat, reason: Reason): void {
    this.signatures.push({ format, verified: false, checks: [], reasons: [reason] });
  }
}

/** What the functions below work on. */
interface Work {
  readonly remote: Remote;
  readonly image: Repository;
  readonly digest: Digest;
  readonly store: SignatureStore;
  readonly options: VerifyOptions;
  readonly findings: Findings;
}

/**
 * The payloads of legacy signatures, each fetched once, and not at all where it is what cosign would
 * sign for this image: what we build then hashes to the digest that the manifest names.
 */
function openPayloads(
  { remote, image, digest, store, options }: Work,
): (descriptor: Descriptor) => Promise<Uint8Array | undefined> {
  const known = new Map<Digest, Promise<Uint8Array | undefined>>();
  const foresee = (annotations: Readonly<Record<string, string>>): void => {
    const payload = buildClaim(formatRepository(image), digest, annotations);
    known.set(digestOf(payload), Promise.resolve(payload));
  };
  foresee({});
  if (Object.keys(options.policy.annotations).length > 0) foresee(options.policy.annotations);
  return (descriptor) => {
    let payload = known.get(descriptor.digest);
    if (payload === undefined) {
      payload = fetchBlob(remote, store.repository, descriptor);
      known.set(descriptor.digest, payload);
    }
    return payload;
  };
}

async function judgeLegacy(work: Work, signatures: readonly LegacySignature[]): Promise<void> {
  const { digest, options, findings } = work;
  const open = openPayloads(work);
  for (const signature of signatures) {
    if (signature.payload.size > MAX_ATTACHMENT_BYTES) {
      findings.refuse("legacy", {
        code: "attachment-too-large",
        message: `the signed payload is larger than ${MAX_ATTACHMENT_BYTES} bytes`,
        found: String(signature.payload.size),
      });
      continue;
    }
    try {
      const payload = await open(signature.payload);
      if (payload === undefined) {
        findings.refuse("legacy", {
          code: "signature-missing",
          message: `the signed payload ${signature.payload.digest} does not exist`,
        });
        continue;
      }
      const result = await checkLegacySignature(signature, payload, digest, options.policy);
      findings.signatures.push(result);
      if (result.verified && options.exhaustive !== true) return;
    } catch (error) {
      findings.caught("legacy", error);
    }
  }
}

async function lookForLegacy(work: Work): Promise<void> {
  const { remote, store, options, findings } = work;
  if (options.tags?.has(store.signatureTag) === false) return;
  try {
    const found = await readLegacySignatures(remote, store);
    if (found !== undefined) await judgeLegacy(work, found.signatures);
  } catch (error) {
    findings.caught("legacy", error);
  }
}

const ATTESTATION: Reason = {
  code: "attestation-only",
  message: "an attestation of something else is there, and that is no signature",
};

async function judgeReferrer(work: Work, descriptor: Descriptor): Promise<void> {
  const { remote, digest, store, options, findings } = work;
  const referrer = await readReferrer(remote, store.repository, descriptor);
  switch (referrer.kind) {
    case "bundle": {
      const result = await checkBundle(referrer.bytes, digest, options.policy);
      if (result !== undefined) findings.signatures.push(result);
      else findings.notes.push(ATTESTATION);
      return;
    }
    case "legacy":
      return await judgeLegacy(work, referrer.signatures);
    case "attestation":
      findings.notes.push(ATTESTATION);
      return;
    case "missing":
      findings.notes.push({
        code: "signature-missing",
        message: `the referrer ${descriptor.digest} is listed and does not exist`,
      });
      return;
    case "too-large":
      findings.refuse("bundle", {
        code: "attachment-too-large",
        message: `the bundle is larger than ${MAX_ATTACHMENT_BYTES} bytes`,
        found: String(referrer.size),
      });
      return;
    case "other":
      return;
    default:
      return referrer satisfies never;
  }
}

async function lookForBundles(work: Work): Promise<void> {
  const { remote, digest, store, options, findings } = work;
  try {
    const { descriptors, truncated } = await listReferrers(remote, store.repository, digest, {
      hasFallbackTag: options.tags?.has(store.referrersTag),
    });
    if (truncated) {
      findings.refuse("bundle", {
        code: "too-many-signatures",
        message: `more than ${MAX_SIGNATURES} referrers; they are not read`,
      });
    }
    for (const descriptor of orderReferrers(descriptors)) {
      try {
        await judgeReferrer(work, descriptor);
      } catch (error) {
        findings.caught("bundle", error);
      }
      if (findings.verified && options.exhaustive !== true) return;
    }
  } catch (error) {
    findings.caught("bundle", error);
  }
}

function conclude(digest: Digest, { signatures, notes, evidence, verified }: Findings): Verdict {
  if (verified) {
    return { kind: "verified", digest, signatures, reasons: [] };
  }
  // Of each reason one: a hundred broken signatures have the same to say.
  const seen = new Map(
    [...signatures.flatMap(({ reasons }) => reasons), ...notes].map((reason) => [
      reason.code,
      reason,
    ]),
  );
  if (evidence !== undefined) {
    const reasons = [evidence.reason, ...seen.values()];
    return { kind: "unknown", digest, signatures, reasons, evidence: evidence.evidence };
  }
  if (signatures.length > 0) {
    return { kind: "failed", digest, signatures, reasons: [...seen.values()] };
  }
  const none: Reason = { code: "no-signature", message: "there is no signature" };
  return { kind: "unsigned", digest, signatures: [], reasons: [none, ...seen.values()] };
}

/**
 * Verify the signatures of an image known by digest. Both formats are read, and one signature that
 * satisfies the policy is enough; whatever cannot be read is noted and does not hide the others.
 *
 * That the image itself exists is not asked.
 */
export async function verifyDigest(
  remote: Remote,
  image: Repository,
  digest: Digest,
  options: VerifyOptions,
): Promise<Verdict> {
  const store = locateSignatures(image, digest, options.store ?? {});
  const findings = new Findings();
  const work: Work = { remote, image, digest, store, options, findings };
  const legacyFirst = options.tags?.has(store.signatureTag) ?? options.first !== "bundle";
  const steps = legacyFirst ? [lookForLegacy, lookForBundles] : [lookForBundles, lookForLegacy];
  for (const step of steps) {
    await step(work);
    if (findings.verified) break;
  }
  return conclude(digest, findings);
}
