import { IdentityError } from "./identity_token.ts";
import { ServiceError } from "./service_error.ts";

/**
 * Whether an error of signing is no fault of what was to be signed, so that nothing else can be signed
 * either: there is no identity, or a service refuses it.
 */
export function isFatal(error: unknown): boolean {
  return error instanceof IdentityError ||
    error instanceof ServiceError && error.failure === "refused";
}
