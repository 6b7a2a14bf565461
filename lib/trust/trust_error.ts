import type { ErrorCode } from "../base/errors.ts";

/** What is to be trusted could not be got, or must not be. */
export class TrustError extends Error {
  override readonly name = "TrustError";
  readonly code: Extract<ErrorCode, "TRUST"> = "TRUST";
}
