import { equalBytes } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { verifyHashed } from "../keys/verify_signature.ts";
import type { Certificate } from "../signature/certificate.ts";
import { embeddedScts, type Sct, signedForSct } from "../signature/sct.ts";
import { fitsKey } from "../signature/signature_algorithm.ts";
import type { Reason } from "./reason.ts";
import { isWithin, type TrustedLog } from "./trusted_root.ts";

function invalid(message: string): Reason {
  return { code: "sct-invalid", message };
}

/** The log that made a promise, `undefined` where no trusted one did, or why it is not to be had. */
async function checkSct(
  sct: Sct,
  signed: Uint8Array,
  logs: readonly TrustedLog[],
): Promise<TrustedLog | Reason | undefined> {
  const named = logs.filter(({ ids }) => ids.some((id) => equalBytes(id, sct.logId)));
  if (named.length === 0) return undefined;
  const inTime = named.filter(({ window }) => isWithin(window, sct.time));
  if (inTime.length === 0) {
    return invalid(
      "a certificate log's key was not trusted when it promised to log the certificate",
    );
  }
  for (const log of inTime) {
    const { key } = log;
    if (!fitsKey(sct.algorithm, key.algorithm)) continue;
    if (await verifyHashed(key, signed, sct.signature, sct.algorithm.hash)) return log;
  }
  return invalid("a certificate log's promise (SCT) is not signed by that log");
}

/** Who must have promised to log certificates. */
export interface SctPolicy {
  readonly logs: readonly TrustedLog[];
  /** How many logs must have promised it. */
  readonly threshold: number;
  /** Promises that stand beside the certificate. */
  readonly detached: readonly Sct[];
}

/**
 * Check that enough trusted logs have promised to show a certificate (RFC 6962 §3). Promises of logs
 * that are not known prove nothing and harm nothing; those of known ones must be right.
 *
 * @returns why not; `undefined` where they have
 */
export async function checkScts(
  certificate: Certificate,
  issuer: Certificate,
  { logs, threshold, detached }: SctPolicy,
): Promise<Reason | undefined> {
  let embedded: readonly Sct[];
  try {
    embedded = embeddedScts(certificate);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return invalid(error.message);
  }
  const promised = new Set<TrustedLog>();
  const judge = async (sct: Sct, issuerSpki?: Uint8Array): Promise<Reason | undefined> => {
    const log = await checkSct(sct, signedForSct(sct, certificate, issuerSpki), logs);
    if (log === undefined) return undefined;
    if ("code" in log) return log;
    promised.add(log);
    return undefined;
  };
  for (const sct of embedded) {
    const reason = await judge(sct, issuer.spki);
    if (reason !== undefined) return reason;
  }
  for (const sct of detached) {
    const reason = await judge(sct);
    if (reason !== undefined) return reason;
  }
  if (promised.size >= threshold) return undefined;
  return {
    code: "sct-missing",
    message: embedded.length + detached.length === 0
      ? "the certificate has no promise of a certificate log (SCT)"
      : "no certificate log in the trusted root promised to log the certificate (SCT)",
    expected: String(threshold),
    found: String(promised.size),
  };
}
