import type { Digest } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import { fetchBlob } from "../registry/fetch_blob.ts";
import type { Remote } from "../registry/remote.ts";
import { LAYER_PREDICATE_TYPE } from "../signature/attach_attestation.ts";
import { parseImageBundle } from "../signature/bundle.ts";
import { buildEnvelope, parseEnvelope } from "../signature/dsse.ts";
import { legacyMaterial } from "../signature/material.ts";
import { isPredicateType } from "../signature/predicate_type.ts";
import { type LegacySignature, readLegacySignatures } from "../signature/read_legacy.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { SIGN_PREDICATE_TYPE } from "../signature/statement.ts";
import { locateSignatures, type SignatureStore } from "../signature/store.ts";
import { checkStatementBundle } from "./check_bundle.ts";
import { checkEnvelope, type OtherPredicate, type StatementPolicy } from "./check_envelope.ts";
import { Findings } from "./findings.ts";
import { judgeLayers } from "./judge_layers.ts";
import { lookForBundles } from "./look_for_bundles.ts";
import type { SignatureResult, Verdict } from "./verdict.ts";
import type { VerifyOptions } from "./verify_digest.ts";

/** How to verify attestations. */
export interface VerifyAttestationOptions extends VerifyOptions {
  /** The predicate type that must be attested: a URI. */
  readonly predicateType: string;
}

/** What the functions below work on. */
interface Work {
  readonly remote: Remote;
  readonly digest: Digest;
  readonly store: SignatureStore;
  readonly options: VerifyAttestationOptions;
  readonly policy: StatementPolicy;
  readonly findings: Findings;
}

/** Why an attestation of another type does not satisfy, whoever made it (CVE-2022-35929). */
function otherPredicate(
  { policy: { predicateType } }: Work,
  format: SignatureFormat,
  found: string,
): SignatureResult {
  return {
    format,
    verified: false,
    checks: [],
    reasons: [{
      code: "predicate-type-mismatch",
      message: "an attestation of another predicate type is there",
      expected: predicateType,
      found: found.slice(0, 200),
    }],
  };
}

/** The result for what was judged; a verified one carries the envelope to hand on. */
function resultOf(
  work: Work,
  format: SignatureFormat,
  judged: SignatureResult | OtherPredicate,
  envelope: () => Uint8Array,
): SignatureResult {
  if (!("verified" in judged)) return otherPredicate(work, format, judged.predicateType);
  return judged.verified ? { ...judged, envelope: envelope() } : judged;
}

async function lookForBundleAttestations(work: Work): Promise<void> {
  const { remote, digest, store, options, policy, findings } = work;
  const passBy = (found: string): void => {
    // A signature is no attestation of another type, but none at all.
    if (found !== SIGN_PREDICATE_TYPE) {
      findings.signatures.push(otherPredicate(work, "bundle", found));
    }
  };
  await lookForBundles({
    remote,
    digest,
    store,
    predicateType: policy.predicateType,
    hasFallbackTag: options.tags?.has(store.referrersTag),
    exhaustive: options.exhaustive === true,
    findings,
    async judgeBundle(bytes) {
      const judged = await checkStatementBundle(bytes, digest, policy);
      if (!("verified" in judged)) return passBy(judged.predicateType);
      const envelope = () => buildEnvelope(parseImageBundle(bytes).envelope);
      findings.signatures.push(resultOf(work, "bundle", judged, envelope));
    },
    // Signatures attest nothing.
    judgeLegacy: () => Promise.resolve(),
    passBy,
  });
}

/** Judge one layer; what says that it is of another type is not fetched. */
async function judgeLegacy(work: Work, layers: readonly LegacySignature[]): Promise<void> {
  const { remote, digest, store, options, policy, findings } = work;
  const wanted = layers.filter(({ payload }) => {
    const found = payload.annotations?.[LAYER_PREDICATE_TYPE];
    if (found === undefined || isPredicateType(policy.predicateType, found)) return true;
    findings.signatures.push(otherPredicate(work, "legacy", found));
    return false;
  });
  await judgeLayers(findings, {
    layers: wanted,
    open: (descriptor) => fetchBlob(remote, store.repository, descriptor),
    async judge({ hasCertificate, payload: { annotations = {} } }, bytes) {
      const judged = await checkEnvelope(
        {
          format: "legacy",
          envelope: parseEnvelope(bytes),
          hasCertificate,
          material: () => legacyMaterial(annotations),
          stored: bytes,
        },
        digest,
        policy,
      );
      return resultOf(work, "legacy", judged, () => bytes);
    },
    called: "the attestation",
    maxBytes: store.maxAttachmentBytes,
    exhaustive: options.exhaustive === true,
  });
}

async function lookForLegacyAttestations(work: Work): Promise<void> {
  const { remote, store, options, findings } = work;
  if (options.tags?.has(store.attestationTag) === false) return;
  try {
    const found = await readLegacySignatures(remote, store, store.attestationTag);
    if (found !== undefined) await judgeLegacy(work, found.signatures);
  } catch (error) {
    findings.caught("legacy", error);
  }
}

/**
 * Verify that something is attested of an image known by digest. Both formats are read until as many
 * keys have attested it as the policy requires, each with the predicate type asked for. Attestations of
 * other types never satisfy; where there are only such, the verdict is `failed`, and where there are
 * none at all it is `unsigned`.
 *
 * That the image itself exists is not asked.
 */
export async function verifyAttestation(
  remote: Remote,
  image: Repository,
  digest: Digest,
  options: VerifyAttestationOptions,
): Promise<Verdict> {
  const store = locateSignatures(image, digest, options.store ?? {});
  const { predicateType } = options;
  const policy: StatementPolicy = { ...options.policy, predicateType };
  const findings = new Findings(policy);
  const work: Work = { remote, digest, store, options, policy, findings };
  for (const look of [lookForBundleAttestations, lookForLegacyAttestations]) {
    await look(work);
    if (findings.verified) break;
  }
  return findings.conclude(digest, { code: "no-signature", message: "there is no attestation" });
}
