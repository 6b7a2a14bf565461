import type { CertificateIdentity, WorkflowField } from "../signature/certificate_identity.ts";
import type { Reason } from "./reason.ts";

/** How a text must be. */
export interface TextMatch {
  /** As it was asked for, for reports. */
  readonly shown: string;
  readonly matches: (text: string) => boolean;
}

/** Who is trusted to sign with a certificate: both must match. */
export interface TrustedIdentity {
  readonly subject: TextMatch;
  readonly issuer: TextMatch;
  /** What the certificate must say of the workflow, each exactly. */
  readonly workflow?: Readonly<Partial<Record<WorkflowField, string>>>;
}

/** Who signed, of those who are trusted. */
export interface MatchedIdentity {
  readonly subject: string;
  readonly issuer: string;
}

const MAX_SHOWN = 200;

function mismatch(
  code: "identity-mismatch" | "issuer-mismatch" | "workflow-mismatch",
  message: string,
  expected: readonly string[],
  found: string | undefined,
): Reason {
  return {
    code,
    message,
    expected: [...new Set(expected)].join(" or ").slice(0, MAX_SHOWN),
    found: found === undefined || found === "" ? "none" : found.slice(0, MAX_SHOWN),
  };
}

/** An empty name is nobody's, whatever is asked for. */
function isMatch({ matches }: TextMatch, text: string | undefined): boolean {
  return text !== undefined && text !== "" && matches(text);
}

function checkWorkflow(
  { workflow: found }: CertificateIdentity,
  { workflow = {} }: TrustedIdentity,
): Reason | undefined {
  for (const [field, expected] of Object.entries(workflow)) {
    const value = found[field as WorkflowField];
    if (value === expected) continue;
    return mismatch(
      "workflow-mismatch",
      `the certificate is for another GitHub workflow: its ${field} differs`,
      [expected],
      value,
    );
  }
  return undefined;
}

/** Find whom of the trusted a certificate is for, or tell why it is for none. */
export function checkIdentity(
  found: CertificateIdentity,
  trusted: readonly TrustedIdentity[],
): MatchedIdentity | Reason {
  const { subjects, issuer } = found;
  const named = trusted.filter(({ subject }) => subjects.some((text) => isMatch(subject, text)));
  if (named.length === 0) {
    return mismatch(
      "identity-mismatch",
      "the certificate is for another identity",
      trusted.map(({ subject }) => subject.shown),
      subjects.join(", "),
    );
  }
  const vouched = named.filter((one) => isMatch(one.issuer, issuer));
  if (issuer === undefined || vouched.length === 0) {
    return mismatch(
      "issuer-mismatch",
      "another issuer vouched for the certificate's identity",
      named.map((one) => one.issuer.shown),
      issuer,
    );
  }
  const refused = vouched.map((one) => checkWorkflow(found, one));
  const index = refused.indexOf(undefined);
  if (index === -1) return refused[0]!;
  const { subject } = vouched[index]!;
  return { subject: subjects.find((text) => isMatch(subject, text))!, issuer };
}
