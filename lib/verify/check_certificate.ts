import { equalBytes } from "../base/bytes.ts";
import type { KeyAlgorithm } from "../keys/algorithm.ts";
import { type PublicKey, publicKeyFromSpki } from "../keys/public_key.ts";
import { verifyHashed } from "../keys/verify_signature.ts";
import { type Certificate, parseCertificate } from "../signature/certificate.ts";
import { fitsKey } from "../signature/signature_algorithm.ts";
import type { Reason } from "./reason.ts";
import { isWithin, type TrustedAuthority } from "./trusted_root.ts";

/** A certificate that is trusted, and the trusted ones by which it is, the last being the anchor. */
export interface CertificatePath {
  readonly authority: TrustedAuthority;
  /** The issuer first; empty where the certificate is an anchor itself. */
  readonly issuers: readonly Certificate[];
}

/** The purposes that a certificate must be for (RFC 5280 §4.2.1.12). */
export const PURPOSES = {
  codeSigning: "1.3.6.1.5.5.7.3.3",
  timeStamping: "1.3.6.1.5.5.7.3.8",
} as const;

const ANY_PURPOSE = "2.5.29.37.0";

/** Extensions whose meaning is heeded here or changes nothing; others must not be critical. */
const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set([
  "2.5.29.14", // subjectKeyIdentifier
  "2.5.29.15", // keyUsage
  "2.5.29.17", // subjectAltName
  "2.5.29.19", // basicConstraints
  "2.5.29.35", // authorityKeyIdentifier
  "2.5.29.37", // extKeyUsage
]);

const NAME_CONSTRAINTS = "2.5.29.30";

const keys = new WeakMap<Certificate, PublicKey | undefined>();

/** The key in a certificate; `undefined` where it is of a kind that is not supported. */
export function certificateKey(certificate: Certificate): PublicKey | undefined {
  if (!keys.has(certificate)) {
    let key: PublicKey | undefined;
    try {
      key = publicKeyFromSpki(certificate.spki);
    } catch {
      // Told by whoever needs it.
    }
    keys.set(certificate, key);
  }
  return keys.get(certificate);
}

/** The kind of key in a certificate; `undefined` where it is not supported. */
export function certificateAlgorithm(der: Uint8Array): KeyAlgorithm | undefined {
  return certificateKey(parseCertificate(der))?.algorithm;
}

function untrusted(message: string, more: Partial<Reason> = {}): Reason {
  return { code: "certificate-untrusted", message, ...more };
}

/** What forbids a certificate to stand in any path; `undefined` where nothing does. */
function cannotStand({ extensions, purposes }: Certificate, purpose: string): Reason | undefined {
  for (const [oid, { critical }] of extensions) {
    if (critical && !KNOWN_EXTENSIONS.has(oid)) {
      return untrusted("a certificate has a critical extension that is not known here", {
        found: oid,
      });
    }
  }
  if (extensions.has(NAME_CONSTRAINTS)) {
    return untrusted("a certificate constrains names, which is not supported");
  }
  if (purposes !== undefined && !purposes.includes(purpose) && !purposes.includes(ANY_PURPOSE)) {
    return untrusted("a certificate is for other purposes", {
      expected: purpose,
      found: purposes.join(", ").slice(0, 200),
    });
  }
  return undefined;
}

/** What forbids an authority's certificate to issue another; `undefined` where nothing does. */
function cannotIssue(
  { isCa, keyUsage, pathLength }: Certificate,
  between: number,
): Reason | undefined {
  if (!isCa) return untrusted("the certificate's issuer is no certificate authority");
  if (keyUsage?.certify === false) {
    return untrusted("the certificate's issuer may not sign certificates");
  }
  if (pathLength !== undefined && between > pathLength) {
    return untrusted("there are more authorities in a row than one of them allows", {
      expected: String(pathLength),
      found: String(between),
    });
  }
  return undefined;
}

/** Whether an issuer signed a certificate. The names are compared elsewhere. */
async function signed(
  issuer: Certificate,
  { tbs, signature, algorithm }: Certificate,
): Promise<boolean> {
  const key = certificateKey(issuer);
  if (key === undefined || algorithm === undefined || !fitsKey(algorithm, key.algorithm)) {
    return false;
  }
  return await verifyHashed(key, tbs.bytes, signature, algorithm.hash);
}

/** By which certificates each of an authority's leads to its last, which is trusted. */
type Paths = ReadonlyMap<Certificate, readonly Certificate[]>;

async function findPaths({ certificates }: TrustedAuthority, purpose: string): Promise<Paths> {
  const anchor = certificates.at(-1)!;
  const paths = new Map<Certificate, readonly Certificate[]>();
  if (cannotStand(anchor, purpose) === undefined) paths.set(anchor, [anchor]);
  // Grows while it is walked.
  for (const [issuer, path] of paths) {
    for (const certificate of certificates) {
      if (paths.has(certificate) || !equalBytes(certificate.issuer, issuer.subject)) continue;
      if (cannotStand(certificate, purpose) !== undefined) continue;
      if (await signed(issuer, certificate)) paths.set(certificate, [certificate, ...path]);
    }
  }
  return paths;
}

/** What was verified of trusted authorities, once for all that they issue. */
const known = new WeakMap<TrustedAuthority, Map<string, Promise<Paths>>>();

function pathsOf(authority: TrustedAuthority, purpose: string): Promise<Paths> {
  const perPurpose = known.get(authority) ?? new Map<string, Promise<Paths>>();
  known.set(authority, perPurpose);
  let paths = perPurpose.get(purpose);
  if (paths === undefined) {
    paths = findPaths(authority, purpose);
    perPurpose.set(purpose, paths);
  }
  return paths;
}

async function pathBy(
  certificate: Certificate,
  issuer: Certificate,
  paths: Paths,
): Promise<readonly Certificate[] | Reason> {
  const path = paths.get(issuer);
  if (path === undefined) {
    return untrusted("an authority in the trusted root is not signed by the one above it");
  }
  const refused = path.map((one, between) => cannotIssue(one, between)).find((one) => one);
  if (refused !== undefined) return refused;
  if (await signed(issuer, certificate)) return path;
  return untrusted("the certificate was not signed by the authority that it names");
}

/**
 * Find the ways in which a certificate is trusted (RFC 5280 §6.1, without revocation): signed by
 * authorities whose names and signatures chain to an anchor, and which may issue it. Times are not
 * compared.
 */
export async function findCertificatePaths(
  certificate: Certificate,
  authorities: readonly TrustedAuthority[],
  purpose: string,
): Promise<readonly CertificatePath[] | Reason> {
  const refused = cannotStand(certificate, purpose);
  if (refused !== undefined) return refused;
  if (certificate.isCa) return untrusted("the certificate is an authority's and no signer's");
  if (certificate.keyUsage?.sign === false) return untrusted("the certificate's key may not sign");
  const found: CertificatePath[] = [];
  let reason = untrusted("no authority in the trusted root issued the certificate");
  for (const authority of authorities) {
    for (const issuer of authority.certificates) {
      if (!equalBytes(issuer.subject, certificate.issuer)) continue;
      const path = await pathBy(certificate, issuer, await pathsOf(authority, purpose));
      if ("code" in path) reason = path;
      else found.push({ authority, issuers: path });
    }
  }
  return found.length > 0 ? found : reason;
}

const timeText = (time: number): string => new Date(time).toISOString();

function invalidAt(
  certificate: Certificate,
  { authority, issuers }: CertificatePath,
  time: number,
): Reason | undefined {
  const outside = [certificate, ...issuers].find(({ notBefore, notAfter }) =>
    !isWithin({ start: notBefore, end: notAfter }, time)
  );
  if (outside !== undefined) {
    return {
      code: "certificate-expired",
      message: outside === certificate
        ? "the certificate was not valid when the signature was made"
        : "an authority's certificate was not valid when the signature was made",
      expected: `${timeText(outside.notBefore)} to ${timeText(outside.notAfter)}`,
      found: timeText(time),
    };
  }
  if (isWithin(authority.window, time)) return undefined;
  return {
    code: "certificate-expired",
    message: "the authority was not trusted when the signature was made",
    found: timeText(time),
  };
}

/** Choose a way in which a certificate was trusted at each of some times, of which there is one. */
export function choosePath(
  certificate: Certificate,
  paths: readonly CertificatePath[],
  times: readonly number[],
): CertificatePath | Reason {
  let reason: Reason | undefined;
  for (const path of paths) {
    const invalid = times.map((time) => invalidAt(certificate, path, time)).find((one) => one);
    if (invalid === undefined) return path;
    reason = invalid;
  }
  return reason!;
}
