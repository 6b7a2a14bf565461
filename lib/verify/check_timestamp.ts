import { equalBytes } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { digestMessage } from "../keys/message_digests.ts";
import { verifyHashed } from "../keys/verify_signature.ts";
import { type Certificate, parseCertificate } from "../signature/certificate.ts";
import { fitsKey } from "../signature/signature_algorithm.ts";
import { parseTimestamp, type TimestampToken } from "../signature/timestamp_token.ts";
import {
  certificateKey,
  type CertificatePath,
  choosePath,
  findCertificatePaths,
  PURPOSES,
} from "./check_certificate.ts";
import type { Reason } from "./reason.ts";
import type { TrustedAuthority } from "./trusted_root.ts";

/** A time at which something existed, as a trusted authority stamped it. */
export interface ProvenTimestamp {
  readonly authority: TrustedAuthority;
  /** Milliseconds since 1970. */
  readonly time: number;
}

function invalid(message: string): Reason {
  return { code: "timestamp-invalid", message };
}

/** The certificate that a stamp is by: the authority's own, or one that came with the stamp. */
function findSigner(
  { signer: { issuer, serial }, certificates }: TimestampToken,
  authority: TrustedAuthority,
): Certificate | undefined {
  const isNamed = (certificate: Certificate): boolean =>
    equalBytes(certificate.issuer, issuer) && equalBytes(certificate.serial, serial);
  const own = authority.certificates.find(isNamed);
  if (own !== undefined) return own;
  if (!authority.certificates.some(({ subject }) => equalBytes(subject, issuer))) return undefined;
  return certificates.map(parseCertificate).find(isNamed);
}

/** How the authorities' own certificates are trusted, found once. */
const known = new WeakMap<Certificate, Promise<readonly CertificatePath[] | Reason>>();

async function pathsOf(
  certificate: Certificate,
  authority: TrustedAuthority,
): Promise<readonly CertificatePath[] | Reason> {
  const { timeStamping } = PURPOSES;
  // RFC 3161 §2.3: it must be said, where other certificates may be silent.
  if (certificate.purposes?.includes(timeStamping) !== true) {
    return invalid("the certificate of the timestamp's signer is not for timestamps");
  }
  let paths = known.get(certificate);
  if (paths === undefined) {
    paths = findCertificatePaths(certificate, [authority], timeStamping);
    if (authority.certificates.includes(certificate)) known.set(certificate, paths);
  }
  return await paths;
}

async function checkSigned(
  { signed, signature, algorithm, info, infoDigest }: TimestampToken,
  certificate: Certificate,
): Promise<boolean> {
  if (!equalBytes(digestMessage(infoDigest.hash, info), infoDigest.digest)) return false;
  const key = certificateKey(certificate);
  if (key === undefined || !fitsKey(algorithm, key.algorithm)) return false;
  return await verifyHashed(key, signed, signature, algorithm.hash);
}

async function checkBy(
  token: TimestampToken,
  certificate: Certificate,
  authority: TrustedAuthority,
): Promise<ProvenTimestamp | Reason> {
  const paths = await pathsOf(certificate, authority);
  if ("code" in paths) return invalid(paths.message);
  const { time } = token;
  const path = choosePath(certificate, paths, [time]);
  if ("code" in path) return { ...path, code: "timestamp-invalid" };
  if (await checkSigned(token, certificate)) return { authority, time };
  return invalid("the timestamp is not signed by the authority that it names");
}

/**
 * Check that a trusted authority stamped some bytes (RFC 3161 §2.4.2).
 *
 * @returns `undefined` where no trusted authority is of that name: such a stamp proves nothing
 */
export async function checkTimestamp(
  untrusted: Uint8Array,
  stamped: Uint8Array,
  authorities: readonly TrustedAuthority[],
): Promise<ProvenTimestamp | Reason | undefined> {
  try {
    const token = parseTimestamp(untrusted);
    let outcome: ProvenTimestamp | Reason | undefined;
    for (const authority of authorities) {
      const certificate = findSigner(token, authority);
      if (certificate === undefined) continue;
      const { hash, digest } = token.imprint;
      if (!equalBytes(digestMessage(hash, stamped), digest)) {
        return invalid("the timestamp is of another signature");
      }
      outcome = await checkBy(token, certificate, authority);
      if (!("code" in outcome)) break;
    }
    return outcome;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return invalid(error.message);
  }
}
