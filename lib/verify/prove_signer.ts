import { MalformedError } from "../base/errors.ts";
import { sha256Hex } from "../base/hash.ts";
import type { Material } from "../signature/material.ts";
import { choosePath } from "./check_certificate.ts";
import { checkIdentity } from "./check_identity.ts";
import { knowCertificate, type KnownCertificate } from "./known_certificate.ts";
import { type ProvenTimes, proveTimes } from "./proven_times.ts";
import type { Reason } from "./reason.ts";
import type { SignaturePolicy, TrustedKey } from "./signature_policy.ts";
import { isSignedBy, type SignedContent } from "./signed_content.ts";
import type { TrustPolicy } from "./trust_policy.ts";
import type { Check, SignatureProof, Signer } from "./verdict.ts";

/** Somebody who is trusted made a signature. */
export interface ProvenSigner {
  readonly signer: Signer;
  /** Other keys that signed the same. */
  readonly alsoBy?: readonly Signer[];
  /** The checks that were done and passed, in order. */
  readonly checks: readonly Check[];
  /** What proved it beside the signature, where that was asked for. */
  readonly proof?: SignatureProof;
  readonly reason?: undefined;
}

/** It was not proven that somebody did. */
export interface UnprovenSigner {
  /** Present where the signature itself was made by somebody who is trusted. */
  readonly signer?: Signer;
  readonly checks: readonly Check[];
  readonly reason: Reason;
}

/** A signature as it was found, and what stands beside it. */
export interface FoundSigner {
  /** The signatures, one as a rule, any of which is enough. */
  readonly contents: readonly SignedContent[];
  /** Whether a certificate stands beside it. */
  readonly hasCertificate: boolean;
  /** Whether keys are tried even so: a legacy signature by a key may have a certificate as well. */
  readonly triesKeys: boolean;
  /** What stands beside it, read only where it is asked for. Throws a {@link MalformedError}. */
  readonly material: () => Material;
}

function proofOf({ entries, timestamps }: ProvenTimes): SignatureProof {
  return { entries, timestamps };
}

async function proveKey(
  { name, key }: TrustedKey,
  content: SignedContent,
  { material }: FoundSigner,
  trust: TrustPolicy | undefined,
): Promise<ProvenSigner | UnprovenSigner> {
  const signer: Signer = { kind: "key", name, fingerprint: key.fingerprint };
  if (trust === undefined) return { signer, checks: ["signature"] };
  const proven = await proveTimes(content, { key }, material(), trust);
  if ("code" in proven) return { signer, checks: ["signature"], reason: proven };
  return { signer, checks: ["signature", ...proven.checks], proof: proofOf(proven) };
}

/** Prove which keys signed; `undefined` where none did. */
async function proveKeys(
  found: FoundSigner,
  { keys, trust }: SignaturePolicy,
): Promise<ProvenSigner | UnprovenSigner | undefined> {
  const proven = new Map<string, ProvenSigner>();
  let refused: UnprovenSigner | undefined;
  for (const content of found.contents) {
    for (const trusted of keys) {
      if (!await isSignedBy(trusted.key, content, trusted.hash)) continue;
      const outcome = await proveKey(trusted, content, found, trust);
      if (outcome.reason !== undefined) refused ??= outcome;
      else if (!proven.has(outcome.signer.fingerprint)) {
        proven.set(outcome.signer.fingerprint, outcome);
      }
      break;
    }
  }
  const [first, ...others] = proven.values();
  if (first === undefined) return refused;
  return others.length === 0 ? first : { ...first, alsoBy: others.map(({ signer }) => signer) };
}

const NO_TIME: Reason = {
  code: "time-not-proven",
  message: "neither a log nor a timestamp proves that the certificate was valid when it signed",
};

/** What the certificate itself must be, after its key is seen to have signed. */
async function proveCertificate(
  { certificate, identity, paths, scts }: KnownCertificate,
  times: readonly number[],
  { identities, sctThreshold = 1 }: TrustPolicy,
): Promise<{ readonly signer: Signer; readonly checks: readonly Check[] } | Reason> {
  if (times.length === 0) return NO_TIME;
  const found = await paths();
  if ("code" in found) return found;
  const path = choosePath(certificate, found, times);
  if ("code" in path) return path;
  if (sctThreshold > 0) {
    const reason = await scts(path.issuers[0]!);
    if (reason !== undefined) return reason;
  }
  const matched = checkIdentity(identity, identities);
  if ("code" in matched) return matched;
  return {
    signer: {
      kind: "certificate",
      name: matched.subject,
      issuer: matched.issuer,
      fingerprint: sha256Hex(certificate.der),
    },
    checks: ["certificate", ...(sctThreshold > 0 ? ["certificate-log"] as const : []), "identity"],
  };
}

async function proveByCertificate(
  content: SignedContent,
  material: Material,
  trust: TrustPolicy,
): Promise<ProvenSigner | UnprovenSigner> {
  const refused = (reason: Reason): UnprovenSigner => ({ checks: [], reason });
  const known = knowCertificate(material.certificate!, trust);
  if ("code" in known) return refused(known);
  const { key, identity } = known;
  if (!await isSignedBy(key, content)) {
    return refused({
      code: "signature-mismatch",
      message: "the signature was not made with the key in its certificate",
    });
  }
  const signer = { key, certificate: material.certificate! };
  const proven = await proveTimes(content, signer, material, trust);
  if ("code" in proven) return refused(proven);
  const certified = await proveCertificate(known, proven.times, trust);
  if ("code" in certified) return refused(certified);
  return {
    signer: certified.signer,
    checks: ["signature", ...proven.checks, ...certified.checks],
    proof: { ...proofOf(proven), identity },
  };
}

const CERTIFICATE: Reason = {
  code: "certificate-instead-of-key",
  message: "the signature is with a certificate, and no key asked for made it",
};

const KEY: Reason = {
  code: "key-instead-of-certificate",
  message: "the signature has no certificate, and an identity was asked for",
};

const NOBODY: Reason = {
  code: "signature-mismatch",
  message: "the signature is not by any key asked for",
};

async function prove(
  found: FoundSigner,
  policy: SignaturePolicy,
): Promise<ProvenSigner | UnprovenSigner> {
  const { contents, hasCertificate, triesKeys, material } = found;
  const { keys, trust } = policy;
  if (!hasCertificate || triesKeys) {
    const outcome = await proveKeys(found, policy);
    if (outcome !== undefined) return outcome;
  }
  if (trust === undefined || trust.identities.length === 0) {
    return { checks: [], reason: hasCertificate ? CERTIFICATE : NOBODY };
  }
  if (!hasCertificate) return { checks: [], reason: keys.length === 0 ? KEY : NOBODY };
  let last: ProvenSigner | UnprovenSigner = { checks: [], reason: NOBODY };
  for (const content of contents) {
    last = await proveByCertificate(content, material(), trust);
    if (last.reason === undefined) break;
  }
  return last;
}

/**
 * Prove who made a signature: one of the keys that are trusted, or somebody with a certificate who is.
 * With a certificate a proven time is always asked for, and the certificate and all that issued it must
 * have been valid at each.
 */
export async function proveSigner(
  found: FoundSigner,
  policy: SignaturePolicy,
): Promise<ProvenSigner | UnprovenSigner> {
  try {
    return await prove(found, policy);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { checks: [], reason: { code: "signature-malformed", message: error.message } };
  }
}
