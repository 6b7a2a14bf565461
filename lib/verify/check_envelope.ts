import { messageOf } from "../base/errors.ts";
import { type Digest, digestHex } from "../reference/digest.ts";
import type { Envelope } from "../signature/dsse.ts";
import type { Material } from "../signature/material.ts";
import { isPredicateType } from "../signature/predicate_type.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { INTOTO_PAYLOAD_TYPE, parseStatement, type Statement } from "../signature/statement.ts";
import { checkAnnotations } from "./check_annotations.ts";
import { proveSigner } from "./prove_signer.ts";
import type { Reason } from "./reason.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import { acceptSignature, refuseSignature } from "./signature_result.ts";
import { signedInEnvelope } from "./signed_content.ts";
import type { Check, SignatureResult } from "./verdict.ts";

/** A signed in-toto statement as it was found. */
export interface FoundEnvelope {
  readonly format: SignatureFormat;
  readonly envelope: Envelope;
  /** Whether it says that it was signed with a certificate. */
  readonly hasCertificate: boolean;
  /** What stands beside it. Throws a {@link MalformedError}. */
  readonly material: () => Material;
  /** A legacy envelope as it is stored, which is what the log and timestamps are of. */
  readonly stored?: Uint8Array;
}

/** What a statement must say. */
export interface StatementPolicy extends SignaturePolicy {
  readonly predicateType: string;
  /** Whether it must be about what it was found at; where claims are checked, unless told. */
  readonly checkSubject?: boolean | undefined;
}

/** A statement about something else than was asked for. */
export interface OtherPredicate {
  readonly predicateType: string;
}

function readStatement(payload: Uint8Array): Statement | string {
  try {
    return parseStatement(payload);
  } catch (error) {
    return messageOf(error);
  }
}

/** cosign 1, which knew no bundles, wrote the predicate type where the payload's type belongs. */
function isStatementType(
  { format, envelope: { payloadType } }: FoundEnvelope,
  { predicateType }: Statement,
): boolean {
  return payloadType === INTOTO_PAYLOAD_TYPE ||
    format === "legacy" && payloadType === predicateType;
}

/**
 * Judge a signed in-toto statement against an image's digest. Its signature is verified over the bytes
 * that were found, and what those bytes say is believed only then.
 */
export async function checkEnvelope(
  found: FoundEnvelope,
  digest: Digest,
  policy: StatementPolicy,
): Promise<SignatureResult | OtherPredicate> {
  const { annotations, predicateType, checkClaims = true } = policy;
  const { checkSubject = checkClaims } = policy;
  const { format, envelope } = found;
  const { payload, payloadType } = envelope;
  // Read before it is verified only to tell what was asked for from what was not.
  const statement = readStatement(payload);
  if (typeof statement !== "string" && !isPredicateType(predicateType, statement.predicateType)) {
    return { predicateType: statement.predicateType };
  }
  const proven = await proveSigner({
    contents: signedInEnvelope(envelope, found.stored),
    hasCertificate: found.hasCertificate,
    triesKeys: format === "legacy",
    material: found.material,
  }, policy);
  if (proven.reason !== undefined) return refuseSignature(format, proven.reason, proven);
  const checks: Check[] = [...proven.checks];
  const refused = (reason: Reason): SignatureResult =>
    refuseSignature(format, reason, { ...proven, checks });

  if (typeof statement === "string" && payloadType === INTOTO_PAYLOAD_TYPE) {
    return refused({ code: "claim-malformed", message: statement });
  }
  if (typeof statement === "string" || !isStatementType(found, statement)) {
    return refused({
      code: "claim-malformed",
      message: "the signed payload is no in-toto statement",
      expected: INTOTO_PAYLOAD_TYPE,
      found: payloadType.slice(0, 200),
    });
  }
  checks.push("predicate-type");
  const verified = acceptSignature(format, { ...proven, checks }, payload);
  if (!checkSubject) return verified;
  const subjects = statement.subjects.filter((subject) =>
    subject.digest["sha256"] === digestHex(digest)
  );
  if (subjects.length === 0) {
    return refused({
      code: "claim-digest-mismatch",
      message: "the signature is for another image",
      expected: digest,
      found: statement.subjects.map((subject) => subject.digest["sha256"] ?? "none")
        .join(", ").slice(0, 200),
    });
  }
  if (!checkClaims) return verified;
  checks.push("claims");
  const mismatches = subjects.map((subject) => checkAnnotations(annotations, subject.annotations));
  const [mismatch] = mismatches;
  if (mismatch !== undefined && !mismatches.includes(undefined)) return refused(mismatch);
  if (Object.keys(annotations).length > 0) checks.push("annotations");
  return verified;
}
