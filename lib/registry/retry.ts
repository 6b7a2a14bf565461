import { HttpError, type HttpResponse } from "../base/http.ts";

/** How often and after how long a request is repeated. Times in milliseconds. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** The wait before the second attempt; it doubles each time. */
  readonly firstDelay: number;
  /** No wait is longer, and a `Retry-After` that asks for more ends the attempts. */
  readonly maxDelay: number;
}

/** What suits a nightly run against a busy registry: about 15 s of patience for each request. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, firstDelay: 1000, maxDelay: 60_000 };

/** Statuses after which the same request may succeed. */
const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Whether a request answered with `status` is worth repeating. */
export function isRetryable(status: number): boolean {
  return RETRYABLE.has(status);
}

/**
 * Read a `Retry-After` header: seconds or an HTTP date (RFC 9110 §10.2.3).
 *
 * @returns milliseconds from `now`, or `undefined` where it says nothing that can be read
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/u.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * The wait before the next attempt, after `attempt` of them have failed: half fixed and half random,
 * so that clients that failed together do not come back together.
 */
export function retryDelay(policy: RetryPolicy, attempt: number, random: () => number): number {
  const delay = Math.min(policy.firstDelay * 2 ** (attempt - 1), policy.maxDelay);
  return delay / 2 + delay / 2 * random();
}

/** What came of an attempt. */
export interface Attempted {
  /** How many have been made, this one included. */
  readonly attempt: number;
  /** The answer, if there was one. */
  readonly response: Pick<HttpResponse, "status" | "headers"> | undefined;
  /** Why there was none. */
  readonly cause?: unknown;
  /** The answer is worth another attempt whatever its status. */
  readonly again?: boolean;
}

/**
 * The wait before the next attempt, as long as was asked for or as the policy says.
 *
 * @param now milliseconds since 1970
 * @returns milliseconds, or nothing where another attempt is of no use, or would be too late
 */
export function waitForNext(
  policy: RetryPolicy,
  { attempt, response, cause, again = false }: Attempted,
  now: number,
  random: () => number,
): number | undefined {
  // Too much once is too much again.
  const useful = response === undefined
    ? !isTooLarge(cause)
    : again || isRetryable(response.status);
  if (!useful || attempt >= policy.attempts) return undefined;
  // "At once" is no advice: what failed now fails again.
  const delay = parseRetryAfter(response?.headers["retry-after"], now) ||
    retryDelay(policy, attempt, random);
  return delay > policy.maxDelay ? undefined : delay;
}

/** Whether a request failed since its answer was longer than it may be. */
export function isTooLarge(cause: unknown): boolean {
  return cause instanceof HttpError && cause.failure === "too-large";
}
