/**
 * What can go wrong by name. Every error that the library throws on purpose carries one of these
 * as its `code`; a bad image is no error but a verdict.
 */
export type ErrorCode =
  | "USAGE"
  | "DIGEST_SYNTAX"
  | "REFERENCE_SYNTAX"
  | "HTTP"
  | "REGISTRY"
  | "LAYOUT"
  | "CREDENTIALS"
  | "KEY"
  | "PASSWORD"
  | "MALFORMED"
  | "IDENTITY"
  | "SERVICE"
  | "TRUST"
  | "FILE";

/** The caller asked for something that cannot be done as asked; tasks exit with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code: Extract<ErrorCode, "USAGE"> = "USAGE";
}

/** Data from outside does not have the shape that its format asks for. */
export class MalformedError extends SyntaxError {
  override readonly name = "MalformedError";
  readonly code: Extract<ErrorCode, "MALFORMED"> = "MALFORMED";

  /** `what` names the thing that was read, `why` what is wrong with it. */
  constructor(what: string, why: string, options?: ErrorOptions) {
    super(`Cannot read ${what}: ${why}`, options);
  }
}

/** The message of whatever was thrown, for a report. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
