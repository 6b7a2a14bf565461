import { encodeBase64 } from "../base/bytes.ts";
import type { PublicKey } from "../keys/public_key.ts";
import { type Certificate, parseCertificate } from "../signature/certificate.ts";
import {
  type CertificateIdentity,
  certificateIdentity,
} from "../signature/certificate_identity.ts";
import {
  certificateKey,
  type CertificatePath,
  findCertificatePaths,
  PURPOSES,
} from "./check_certificate.ts";
import { checkScts } from "./check_scts.ts";
import type { Reason } from "./reason.ts";
import type { TrustPolicy } from "./trust_policy.ts";

/** A signer's certificate with all that does not depend on what it signed. */
export interface KnownCertificate {
  readonly certificate: Certificate;
  readonly key: PublicKey;
  readonly identity: CertificateIdentity;
  /** How it is trusted, or why it is not. */
  readonly paths: () => Promise<readonly CertificatePath[] | Reason>;
  /** Why the certificate logs' promises are not enough, where this authority issued it. */
  readonly scts: (issuer: Certificate) => Promise<Reason | undefined>;
}

function know(
  der: Uint8Array,
  { root, sctThreshold: threshold = 1, detachedScts: detached = [] }: TrustPolicy,
): KnownCertificate | Reason {
  const certificate = parseCertificate(der);
  const key = certificateKey(certificate);
  if (key === undefined) {
    return {
      code: "certificate-untrusted",
      message: "the certificate's key is of a kind that is not supported",
    };
  }
  let paths: ReturnType<KnownCertificate["paths"]> | undefined;
  const scts = new Map<Certificate, ReturnType<KnownCertificate["scts"]>>();
  const policy = { logs: root.ctLogs, threshold, detached };
  return {
    certificate,
    key,
    identity: certificateIdentity(certificate),
    paths: () =>
      paths ??= findCertificatePaths(
        certificate,
        root.certificateAuthorities,
        PURPOSES.codeSigning,
      ),
    scts(issuer) {
      const found = scts.get(issuer) ?? checkScts(certificate, issuer, policy);
      scts.set(issuer, found);
      return found;
    },
  };
}

/**
 * Certificates are kept by all their octets, so that what is remembered is of just this one, and no
 * more than this many: a fleet of one signer has few, and a stranger can only crowd out others.
 */
const MAX_KNOWN = 256;

const known = new WeakMap<TrustPolicy, Map<string, KnownCertificate>>();

/**
 * Read a signer's certificate, or find it as it was read for another signature.
 *
 * @throws {MalformedError}
 */
export function knowCertificate(der: Uint8Array, trust: TrustPolicy): KnownCertificate | Reason {
  const kept = known.get(trust) ?? new Map<string, KnownCertificate>();
  known.set(trust, kept);
  const name = encodeBase64(der);
  const found = kept.get(name) ?? know(der, trust);
  if ("code" in found) return found;
  // The last that was used comes last.
  kept.delete(name);
  kept.set(name, found);
  if (kept.size > MAX_KNOWN) kept.delete(kept.keys().next().value!);
  return found;
}
