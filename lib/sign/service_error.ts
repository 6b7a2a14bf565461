import type { ErrorCode } from "../base/errors.ts";

/** Why a service of Sigstore's gave no usable answer. */
export type ServiceFailure =
  /** It refused: the token, the signature, the request. */
  | "refused"
  /** It has the same already. */
  | "duplicate"
  /** It asked to come back later (429), more often than we would. */
  | "throttled"
  /** No answer, or one that says that the fault is its own (5xx). */
  | "unavailable"
  /** An answer that is not what was asked for. */
  | "invalid-answer";

/** What is known about a failed request. */
export interface ServiceErrorDetails {
  readonly failure: ServiceFailure;
  readonly status?: number | undefined;
  /** Where the answer says that what was asked for is. */
  readonly location?: string | undefined;
}

/** A service of Sigstore's could not be used: a certificate authority, a log, an issuer of tokens, … */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: Extract<ErrorCode, "SERVICE"> = "SERVICE";
  readonly failure: ServiceFailure;
  readonly status: number | undefined;
  readonly location: string | undefined;

  /** `what` goes on after "Cannot": "get a certificate from https://…". */
  constructor(what: string, why: string, details: ServiceErrorDetails, options?: ErrorOptions) {
    super(`Cannot ${what}: ${why}`, options);
    this.failure = details.failure;
    this.status = details.status;
    this.location = details.location;
  }
}
