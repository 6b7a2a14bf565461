import type { ErrorCode } from "../base/errors.ts";

/** Why a registry gave no usable answer. */
export type RegistryFailure =
  /** It said that there is no such repository, manifest or blob. */
  | "not-found"
  /** It refused the credentials, or asked for some and there are none. */
  | "unauthorized"
  /** It asked to come back later (429), more often than we would. */
  | "throttled"
  /** No answer, or one that says that the fault is its own (5xx). */
  | "unavailable"
  /** It does not offer what it was asked to do: to delete, say. */
  | "unsupported"
  /** An answer that no registry should give, or content that is not what was asked for. */
  | "invalid-answer";

/** What is known about a failed request. */
export interface RegistryErrorDetails {
  readonly failure: RegistryFailure;
  /** Method and URL, without query and credentials. */
  readonly request: string;
  readonly status?: number | undefined;
  readonly attempts: number;
  /** The registry's own code: MANIFEST_UNKNOWN, DENIED, … */
  readonly registryCode?: string | undefined;
}

/** A registry could not be read or written. It says which request, how often, and what came back. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly code: Extract<ErrorCode, "REGISTRY"> = "REGISTRY";
  readonly failure: RegistryFailure;
  readonly request: string;
  readonly status: number | undefined;
  readonly attempts: number;
  readonly registryCode: string | undefined;
  /** What came back, without the request. */
  readonly why: string;

  constructor(why: string, details: RegistryErrorDetails, options?: ErrorOptions) {
    const times = details.attempts > 1 ? ` (${details.attempts} attempts)` : "";
    super(`Cannot ${details.request}: ${why}${times}`, options);
    this.why = why;
    this.failure = details.failure;
    this.request = details.request;
    this.status = details.status;
    this.attempts = details.attempts;
    this.registryCode = details.registryCode;
  }
}

/** Method and URL as they may be shown: signed query strings and user names left out. */
export function describeRequest(method: string, url: URL): string {
  // A layout folder is no registry.
  if (url.protocol === "file:") return `read ${decodeURIComponent(url.pathname)}`;
  return `${method} ${url.origin}${url.pathname}`;
}
