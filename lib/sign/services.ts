import type { Clock } from "../base/clock.ts";
import { decodeText } from "../base/bytes.ts";
import { HttpError, type HttpResponse, type Send } from "../base/http.ts";
import { MAX_ANSWER_BYTES } from "../base/limits.ts";
import { isRetryable, isTooLarge, type RetryPolicy, waitForNext } from "../registry/retry.ts";
import { isLoopback } from "../registry/transport.ts";
import { ServiceError, type ServiceFailure } from "./service_error.ts";

/** Settings of {@link openServices}. Everything that acts on the world is handed in. */
export interface ServicesOptions {
  readonly send: Send;
  readonly clock: Clock;
  /** A number from 0 up to 1, for the jitter of retries. */
  readonly random: () => number;
  readonly retry: RetryPolicy;
  readonly userAgent: string;
  readonly signal?: AbortSignal | undefined;
}

/** One request to a service. */
export interface ServiceRequest {
  /** What for; goes on after "Cannot" in errors: "get a certificate". The host is added. */
  readonly purpose: string;
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** The answer's body is cut off with an error beyond this. */
  readonly maxBytes?: number;
  /** Milliseconds for one exchange. */
  readonly deadline: number;
  /** Something secret is sent, which must not cross a network in the clear. */
  readonly secret?: boolean;
  /** Statuses that are answers; any other is thrown as a {@link ServiceError}. */
  readonly expect: readonly number[];
}

/** What signing took of the services so far. */
export interface ServiceCounters {
  /** HTTP requests sent, and how many were repeats. */
  requests: number;
  retries: number;
  certificates: number;
  logEntries: number;
  timestamps: number;
}

/** Sigstore's services, reached with retries and limits. */
export interface Services {
  request(request: ServiceRequest): Promise<HttpResponse>;
  readonly counters: ServiceCounters;
}

/** Secrets are sent over HTTPS, or do not leave the machine. */
function checkAddress(url: URL, what: string, secret: boolean): void {
  if (url.protocol === "https:") return;
  if (url.protocol === "http:" && (!secret || isLoopback(url.hostname))) return;
  throw new ServiceError(what, "the address must be https: a token would be sent in the clear", {
    failure: "refused",
  });
}

function failureOf(status: number): ServiceFailure {
  if (status === 409) return "duplicate";
  if (status === 429) return "throttled";
  if (status >= 500 || isRetryable(status)) return "unavailable";
  return status >= 400 ? "refused" : "invalid-answer";
}

/** What is secret of a request must not be printed where a service echoes it. */
function withoutSecrets(text: string, authorization = ""): string {
  const sent = authorization.split(" ").at(-1) ?? "";
  return (sent === "" ? text : text.replaceAll(sent, "(token)"))
    .replace(/eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/gu, "(token)");
}

/** What an answer says of its failure: the message of Fulcio's, Rekor's or an issuer's JSON. */
function explain({ status, body }: HttpResponse, authorization: string | undefined): string {
  let text = "";
  try {
    text = decodeText(body.subarray(0, 4096)).trim();
    const { message, error_description: description, error } = JSON.parse(text) as Record<
      string,
      unknown
    >;
    const words = [message, description, error].find((word) => typeof word === "string");
    if (typeof words === "string") text = words;
  } catch {
    if (text.startsWith("<")) text = "";
  }
  const shown = withoutSecrets(text, authorization).slice(0, 300);
  return shown === "" ? `the answer was ${status}` : `the answer was ${status}: ${shown}`;
}

/** Open services for signing. */
export function openServices(options: ServicesOptions): Services {
  const { send, clock, random, retry, userAgent, signal } = options;
  const counters = { requests: 0, retries: 0, certificates: 0, logEntries: 0, timestamps: 0 };
  /** Until when nothing is sent to an origin, since it answered 429. */
  const paused = new Map<string, number>();

  return {
    counters,
    async request({ purpose, url, expect, headers = {}, secret = false, ...request }) {
      const what = `${purpose} (${url.origin})`;
      checkAddress(url, what, secret);
      for (let attempt = 1;; attempt++) {
        signal?.throwIfAborted();
        const pause = (paused.get(url.origin) ?? 0) - clock.now();
        if (pause > 0) await clock.sleep(pause, signal);
        let response: HttpResponse | undefined;
        let why: string;
        let cause: unknown;
        try {
          counters.requests++;
          response = await send({
            ...request,
            url,
            headers: { "user-agent": userAgent, ...headers },
            maxBytes: request.maxBytes ?? MAX_ANSWER_BYTES,
          });
          if (expect.includes(response.status)) return response;
          why = explain(response, headers["authorization"]);
        } catch (error) {
          if (!(error instanceof HttpError)) throw error;
          if (error.failure === "aborted") throw signal?.reason ?? error;
          why = error.message;
          cause = error;
        }
        const delay = waitForNext(retry, { attempt, response, cause }, clock.now(), random);
        if (delay === undefined) {
          const times = attempt > 1 ? ` (${attempt} attempts)` : "";
          throw new ServiceError(what, `${why}${times}`, {
            failure: response === undefined
              ? (isTooLarge(cause) ? "invalid-answer" : "unavailable")
              : failureOf(response.status),
            status: response?.status,
            location: response?.headers["location"],
          }, { cause });
        }
        counters.retries++;
        // The quota is the client's, not the request's: everything for this service waits.
        if (response?.status === 429) {
          paused.set(url.origin, Math.max(paused.get(url.origin) ?? 0, clock.now() + delay));
        } else await clock.sleep(delay, signal);
      }
    },
  };
}

/** Make the address of a service's endpoint: a path below its base, which may have one of its own. */
export function endpoint(base: string, path: string, purpose: string): URL {
  if (!URL.canParse(base)) {
    throw new ServiceError(purpose, `"${base.slice(0, 80)}" is no address`, { failure: "refused" });
  }
  return new URL(`${base.replace(/\/+$/u, "")}${path}`);
}
