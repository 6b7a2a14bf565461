import { MalformedError } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import { TooManySignaturesError } from "../signature/read_legacy.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { checkSigners, haveEnoughSigned } from "./check_signers.ts";
import type { Reason } from "./reason.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import { evidenceOf, reasonOf } from "./unknown.ts";
import type { Evidence, SignatureResult, Verdict } from "./verdict.ts";

/** What is gathered about one digest while its signatures, or attestations, are judged. */
export class Findings {
  readonly signatures: SignatureResult[] = [];
  readonly notes: Reason[] = [];
  evidence: { readonly evidence: Evidence; readonly reason: Reason } | undefined;
  readonly #policy: SignaturePolicy;

  constructor(policy: SignaturePolicy) {
    this.#policy = policy;
  }

  /** Whether those that satisfy are enough. */
  get verified(): boolean {
    return haveEnoughSigned(this.#policy, this.signatures);
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

  /** The verdict; `none` is the reason where nothing was found. */
  conclude(digest: Digest, none: Reason): Verdict {
    const { signatures, notes, evidence } = this;
    if (this.verified) return { kind: "verified", digest, signatures, reasons: [] };
    const shortfall = checkSigners(this.#policy, signatures);
    const all = [
      ...(shortfall === undefined ? [] : [shortfall]),
      ...signatures.flatMap(({ reasons }) => reasons),
      ...notes,
    ];
    // Of each reason one: a hundred broken signatures have the same to say.
    const seen = new Map(all.map((reason) => [reason.code, reason]));
    if (evidence !== undefined) {
      const reasons = [evidence.reason, ...seen.values()];
      return { kind: "unknown", digest, signatures, reasons, evidence: evidence.evidence };
    }
    if (signatures.length > 0) {
      return { kind: "failed", digest, signatures, reasons: [...seen.values()] };
    }
    return { kind: "unsigned", digest, signatures: [], reasons: [none, ...seen.values()] };
  }
}
