/**
 * Why an image or one of its signatures was not accepted. The list is closed and stable: reports,
 * metrics and exit codes are built on it. docs/reasons.md says what each means and what to do.
 */
export const REASON_CODES = [
  // About the image.
  "no-signature",
  "attestation-only",
  "image-not-found",
  "invalid-reference",
  "child-not-verified",
  "too-few-signers",
  // About the file.
  "file-missing",
  "file-extra",
  "file-changed",
  "outside-folder",
  // About one signature.
  "signature-missing",
  "signature-malformed",
  "signature-mismatch",
  "claim-malformed",
  "claim-digest-mismatch",
  "annotation-mismatch",
  "predicate-type-mismatch",
  "certificate-instead-of-key",
  "key-instead-of-certificate",
  // About what proves a signature: its certificate, the logs, the time.
  "identity-mismatch",
  "issuer-mismatch",
  "workflow-mismatch",
  "certificate-untrusted",
  "certificate-expired",
  "sct-missing",
  "sct-invalid",
  "log-entry-missing",
  "log-entry-invalid",
  "log-entry-mismatch",
  "timestamp-missing",
  "timestamp-invalid",
  "time-not-proven",
  "attachment-too-large",
  "too-many-signatures",
  // Could not tell.
  "registry-throttled",
  "registry-unauthorized",
  "registry-unavailable",
  "registry-answer-invalid",
  "file-unreadable",
] as const;

/** One entry of the closed list. */
export type ReasonCode = typeof REASON_CODES[number];

/** A reason, with what was expected and found where the check compares two things. */
export interface Reason {
  readonly code: ReasonCode;
  /** One sentence for people, without the image's name. */
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
}
