import { messageOf } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import { RegistryError, type RegistryFailure } from "../registry/registry_error.ts";
import type { Reason, ReasonCode } from "./reason.ts";
import type { Evidence, Verdict } from "./verdict.ts";

const CODES: Readonly<Record<RegistryFailure, ReasonCode>> = {
  "not-found": "registry-answer-invalid",
  "unauthorized": "registry-unauthorized",
  "throttled": "registry-throttled",
  "unavailable": "registry-unavailable",
  "unsupported": "registry-answer-invalid",
  "invalid-answer": "registry-answer-invalid",
};

/**
 * What a registry's failure proves.
 *
 * @throws whatever is no {@link RegistryError}: that is not the registry's fault
 */
export function evidenceOf(error: unknown): Evidence {
  if (!(error instanceof RegistryError)) throw error;
  return {
    request: error.request,
    ...(error.status === undefined ? {} : { status: error.status }),
    attempts: error.attempts,
    message: error.why,
  };
}

/** The reason for a verdict of `unknown`. */
export function reasonOf(error: unknown): Reason {
  const code = error instanceof RegistryError ? CODES[error.failure] : "registry-unavailable";
  return { code, message: messageOf(error) };
}

/**
 * The verdict where a registry's failure leaves nothing to judge.
 *
 * @throws whatever is no {@link RegistryError}
 */
export function unknownVerdict(error: unknown, digest?: Digest): Verdict {
  return {
    kind: "unknown",
    ...(digest === undefined ? {} : { digest }),
    signatures: [],
    reasons: [reasonOf(error)],
    evidence: evidenceOf(error),
  };
}
