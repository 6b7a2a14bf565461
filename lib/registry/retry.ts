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
