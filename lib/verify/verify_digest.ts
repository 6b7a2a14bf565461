import { type Digest, digestOf } from "../reference/digest.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { fetchBlob } from "../registry/fetch_blob.ts";
import type { Descriptor } from "../registry/manifest.ts";
import type { Remote } from "../registry/remote.ts";
import { buildClaim } from "../signature/claim.ts";
import { type LegacySignature, readLegacySignatures } from "../signature/read_legacy.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { SIGN_PREDICATE_TYPE } from "../signature/statement.ts";
import { locateSignatures, type SignatureStore, type StoreOptions } from "../signature/store.ts";
import { checkBundle } from "./check_bundle.ts";
import { checkLegacySignature } from "./check_legacy.ts";
import { Findings } from "./findings.ts";
import { judgeLayers } from "./judge_layers.ts";
import { lookForBundles } from "./look_for_bundles.ts";
import type { Reason } from "./reason.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import type { Verdict } from "./verdict.ts";

/** How to verify. */
export interface VerifyOptions {
  readonly policy: SignaturePolicy;
  readonly store?: StoreOptions;
  /** The tags of the signatures' repository where they were listed: what is not there is not asked for. */
  readonly tags?: ReadonlySet<string> | undefined;
  /** Which format to look for first: what the last image of the repository had, as a rule. */
  readonly first?: SignatureFormat | undefined;
  /** Judge every signature of the format that satisfies, instead of stopping when there are enough. */
  readonly exhaustive?: boolean;
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
  const { digest, store, options, findings } = work;
  await judgeLayers(findings, {
    layers: signatures,
    open: openPayloads(work),
    judge: (signature, payload) => checkLegacySignature(signature, payload, digest, options.policy),
    called: "the signed payload",
    maxBytes: store.maxAttachmentBytes,
    exhaustive: options.exhaustive === true,
  });
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

async function lookForBundleSignatures(work: Work): Promise<void> {
  const { remote, digest, store, options, findings } = work;
  await lookForBundles({
    remote,
    digest,
    store,
    predicateType: SIGN_PREDICATE_TYPE,
    hasFallbackTag: options.tags?.has(store.referrersTag),
    exhaustive: options.exhaustive === true,
    findings,
    async judgeBundle(bytes) {
      const result = await checkBundle(bytes, digest, options.policy);
      if (result !== undefined) findings.signatures.push(result);
      else findings.notes.push(ATTESTATION);
    },
    judgeLegacy: (signatures) => judgeLegacy(work, signatures),
    passBy: () => void findings.notes.push(ATTESTATION),
  });
}

/**
 * Verify the signatures of an image known by digest. Both formats are read until as many keys have
 * signed as the policy requires, each with a signature that satisfies; whatever cannot be read is noted
 * and does not hide the others.
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
  const findings = new Findings(options.policy);
  const work: Work = { remote, image, digest, store, options, findings };
  const legacyFirst = options.tags?.has(store.signatureTag) ?? options.first !== "bundle";
  const steps = legacyFirst
    ? [lookForLegacy, lookForBundleSignatures]
    : [lookForBundleSignatures, lookForLegacy];
  for (const step of steps) {
    await step(work);
    if (findings.verified) break;
  }
  return findings.conclude(digest, { code: "no-signature", message: "there is no signature" });
}
