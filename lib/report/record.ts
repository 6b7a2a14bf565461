import type { FleetResult } from "../fleet/fleet_result.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import type { Reason } from "../verify/reason.ts";
import type { Check, Evidence, SignatureResult, Signer, VerdictKind } from "../verify/verdict.ts";

/**
 * The checks that one might take for done: where one is not, every report says so. With keys the log is
 * opt-in, as it was in cosign 1.x.
 */
export const MISSING_CHECKS = ["transparency-log"] as const;

/** One of them. */
export type MissingCheck = typeof MISSING_CHECKS[number];

/** Those of them that are not among the checks that were done. */
export function missingChecks(checks: readonly Check[]): readonly MissingCheck[] {
  return MISSING_CHECKS.filter((check) => !checks.includes(check));
}

/** One signature, as the JSON reports show it. */
export interface SignatureRecord {
  readonly format: SignatureFormat;
  readonly verified: boolean;
  /** Null unless the signature was made by somebody who is trusted. */
  readonly signer: Signer | null;
  /** Other trusted keys that signed the same; absent when there are none. */
  readonly alsoBy?: readonly Signer[];
  readonly checks: readonly Check[];
  readonly notChecked: readonly MissingCheck[];
  readonly reasons: readonly Reason[];
}

/** One image, as the JSON reports show it: the shape is that of report.schema.json. */
export interface ImageRecord {
  readonly image: string;
  /** Null when it is not known. */
  readonly digest: string | null;
  readonly verdict: VerdictKind;
  readonly reasons: readonly Reason[];
  readonly signatures: readonly SignatureRecord[];
  /** Present exactly when the verdict is `unknown`. */
  readonly evidence?: Evidence;
}

function reasonRecord({ code, message, expected, found }: Reason): Reason {
  return {
    code,
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  };
}

function signerRecord(signer: Signer): Signer {
  const { name, fingerprint } = signer;
  return signer.kind === "key"
    ? { kind: "key", name, fingerprint }
    : { kind: "certificate", name, issuer: signer.issuer, fingerprint };
}

function signatureRecord(signature: SignatureResult): SignatureRecord {
  const { format, verified, signer, alsoBy, checks, reasons } = signature;
  return {
    format,
    verified,
    signer: signer === undefined ? null : signerRecord(signer),
    ...(alsoBy === undefined ? {} : { alsoBy: alsoBy.map(signerRecord) }),
    checks,
    notChecked: missingChecks(checks),
    reasons: reasons.map(reasonRecord),
  };
}

function evidenceRecord({ request, status, attempts, message }: Evidence): Evidence {
  return { request, ...(status === undefined ? {} : { status }), attempts, message };
}

/** The JSON record of one image. Members are picked one by one: the schema admits no others. */
export function imageRecord({ image, verdict }: FleetResult): ImageRecord {
  return {
    image,
    digest: verdict.digest ?? null,
    verdict: verdict.kind,
    reasons: verdict.reasons.map(reasonRecord),
    signatures: verdict.signatures.map(signatureRecord),
    ...(verdict.kind === "unknown" ? { evidence: evidenceRecord(verdict.evidence) } : {}),
  };
}
