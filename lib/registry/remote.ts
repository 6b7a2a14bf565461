import type { Clock } from "../base/clock.ts";
import { decodeText } from "../base/bytes.ts";
import { HttpError, type HttpRequest, type HttpResponse, type Send } from "../base/http.ts";
import { MAX_ANSWER_BYTES, MAX_REDIRECTS } from "../base/limits.ts";
import type { Repository } from "../reference/reference.ts";
import { type Authorizer, openAuthorizer } from "./authorize.ts";
import type { CredentialSource } from "./credentials.ts";
import { describeRequest, RegistryError, type RegistryFailure } from "./registry_error.ts";
import { isRetryable, isTooLarge, type RetryPolicy, waitForNext } from "./retry.ts";
import { followLocation, openBase } from "./transport.ts";

/** Settings of {@link openRemote}. Everything that acts on the world is handed in. */
export interface RemoteOptions {
  readonly send: Send;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  /** A number from 0 up to 1, for the jitter of retries. */
  readonly random: () => number;
  readonly retry: RetryPolicy;
  /** Milliseconds for one exchange. */
  readonly deadline: number;
  /** Speak plain HTTP to any registry that does not answer HTTPS, not only to loopback ones. */
  readonly allowHttp: boolean;
  readonly userAgent: string;
  readonly signal?: AbortSignal | undefined;
}

/** One request to a registry, or to where it sent us. */
export interface RegistryRequest {
  readonly method: HttpRequest["method"];
  readonly repository: Repository;
  /** Path and query below the registry's root, or an address that the registry gave. */
  readonly target: string | URL;
  /** What the token must allow; `pull` unless told. */
  readonly actions?: "pull" | "pull,push" | "delete" | "catalog" | "login";
  /** Another repository of the registry that must be readable too: a blob is to be mounted from it. */
  readonly mountFrom?: Repository;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** A body that is sent piece by piece; it can be sent but once, and so there is one attempt. */
  readonly upload?: HttpRequest["upload"];
  /** Takes a 2xx answer's body piece by piece; once it has, there is no further attempt. */
  readonly receive?: HttpRequest["receive"];
  readonly maxBytes?: number;
  /** Statuses that are answers; any other is thrown as a {@link RegistryError}. */
  readonly expect: readonly number[];
  /** The registry's own codes after which the same request may succeed, beside the usual statuses. */
  readonly repeatOn?: readonly string[];
  /** Whether to ask again, asked after the wait before each repeat; if not, the failure is thrown. */
  readonly repeatIf?: () => Promise<boolean>;
}

/** A registry's answer, with the address that gave it. */
export interface RegistryResponse extends HttpResponse {
  readonly url: URL;
  readonly attempts: number;
}

/** Registries, reached with credentials, retries and limits; and what was learned about them. */
export interface Remote {
  request(request: RegistryRequest): Promise<RegistryResponse>;
  /** HTTP requests sent so far, tokens and redirects included, and how many were repeats. */
  readonly counters: { requests: number; retries: number };
  /**
   * Whether a repository's registry has the referrers API, as learned from its answers; keyed by
   * `registry/path`.
   */
  readonly referrersApi: Map<string, boolean>;
  /** What is finding that out at the moment, keyed alike. */
  readonly learningReferrersApi: Map<string, Promise<void>>;
  /** Blobs known to be in a repository, as `registry/path@digest`: they need no second upload. */
  readonly knownBlobs: Set<string>;
}

/** What is kept about one registry. */
interface Host {
  readonly base: URL;
  readonly authorizer: Authorizer;
  /** Until when nothing is sent, since the registry answered 429. */
  pausedUntil: number;
}

/** The scope of a token (https://distribution.github.io/distribution/spec/auth/scope/). */
function scopeOf({ repository, actions = "pull", mountFrom }: RegistryRequest): string {
  // To log in is to ask for nothing but to be known.
  if (actions === "login") return "";
  if (actions === "catalog") return "registry:catalog:*";
  const scope = `repository:${repository.path}:${actions}`;
  return mountFrom === undefined ? scope : `${scope} repository:${mountFrom.path}:pull`;
}

/** Docker Hub's API answers under another name than the one in references. */
function apiHost(registry: string): string {
  return registry === "index.docker.io" ? "registry-1.docker.io" : registry;
}

function failureOf(status: number): RegistryFailure {
  if (status === 404) return "not-found";
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 429) return "throttled";
  return status >= 500 || isRetryable(status) ? "unavailable" : "invalid-answer";
}

/** The code and message of an error document (OCI distribution spec 1.1, "Error Codes"). */
export function readErrorDocument(body: Uint8Array): { code: string; message: string } | undefined {
  try {
    const { errors } = JSON.parse(decodeText(body)) as {
      errors?: { code?: unknown; message?: unknown }[];
    };
    const first = errors?.[0];
    if (typeof first?.code !== "string") return undefined;
    const message = typeof first.message === "string" ? first.message : "";
    return { code: first.code.slice(0, 64), message: message.slice(0, 200) };
  } catch {
    return undefined;
  }
}

/** Open registries for reading and writing. */
export function openRemote(options: RemoteOptions): Remote {
  const { clock, retry, signal } = options;
  const counters = { requests: 0, retries: 0 };
  const hosts = new Map<string, Promise<Host>>();

  const send = (request: Omit<HttpRequest, "deadline">): Promise<HttpResponse> => {
    counters.requests++;
    return options.send({
      ...request,
      headers: { "user-agent": options.userAgent, ...request.headers },
      deadline: options.deadline,
    });
  };

  /** Ask, and ask again while it may help. `once` makes one attempt. */
  const persist = async (
    method: string,
    url: URL,
    host: { pausedUntil: number },
    once: () => Promise<HttpResponse & { readonly url?: URL }>,
    isAnswer: (response: HttpResponse) => boolean,
    { repeatOn = [], repeatIf }: Pick<RegistryRequest, "repeatOn" | "repeatIf"> = {},
    mayRepeat: () => boolean = () => true,
  ): Promise<RegistryResponse> => {
    let failed: RegistryError | undefined;
    for (let attempt = 1;; attempt++) {
      signal?.throwIfAborted();
      const pause = host.pausedUntil - clock.now();
      if (pause > 0) await clock.sleep(pause, signal);
      if (failed !== undefined && await repeatIf?.() === false) throw failed;
      let response: (HttpResponse & { readonly url?: URL }) | undefined;
      let document: ReturnType<typeof readErrorDocument>;
      let why: string;
      let cause: unknown;
      try {
        response = await once();
        if (isAnswer(response)) return { ...response, url: response.url ?? url, attempts: attempt };
        document = readErrorDocument(response.body);
        why = document === undefined
          ? `the answer was ${response.status}`
          : `${response.status} ${document.code}: ${document.message}`;
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        if (error.failure === "aborted") throw signal?.reason ?? error;
        why = error.message;
        cause = error;
      }
      const again = repeatOn.includes(document?.code ?? "");
      const attempted = { attempt, response, cause, again };
      const delay = waitForNext(retry, attempted, clock.now(), options.random);
      const failure = response === undefined
        ? (isTooLarge(cause) ? "invalid-answer" : "unavailable")
        : failureOf(response.status);
      failed = new RegistryError(why, {
        failure,
        request: describeRequest(method, url),
        status: response?.status,
        attempts: attempt,
        registryCode: document?.code,
      }, { cause });
      if (delay === undefined || !mayRepeat()) {
        throw failed;
      }
      counters.retries++;
      // The quota is the client's, not the request's: everything for this registry waits.
      if (response?.status === 429) {
        host.pausedUntil = Math.max(host.pausedUntil, clock.now() + delay);
      } else await clock.sleep(delay, signal);
    }
  };

  const openHost = async (registry: string): Promise<Host> => {
    const base = await openBase(apiHost(registry), options.allowHttp, send);
    const paused = { pausedUntil: 0 };
    const authorizer = openAuthorizer({
      registry,
      base,
      credentials: options.credentials,
      now: () => clock.now(),
      exchange: (request) =>
        persist(
          request.method,
          request.url,
          paused,
          () => send(request),
          ({ status }) => status < 500 && status !== 429,
        ),
    });
    return { base, authorizer, pausedUntil: 0 };
  };

  const hostOf = (registry: string): Promise<Host> => {
    let host = hosts.get(registry);
    if (host === undefined) {
      host = openHost(registry);
      // A registry that was down is tried anew.
      host.catch(() => hosts.delete(registry));
      hosts.set(registry, host);
    }
    return host;
  };

  /** One attempt: credentials for the registry itself only, and redirects. */
  const attempt = async (
    request: RegistryRequest,
    host: Host,
    first: URL,
  ): Promise<HttpResponse & { readonly url: URL }> => {
    const scope = scopeOf(request);
    let url = first;
    let challenges = 0;
    for (let hops = 0; hops <= MAX_REDIRECTS;) {
      const home = url.origin === host.base.origin;
      const authorization = home ? await host.authorizer.header(scope) : undefined;
      const response = await send({
        method: request.method,
        url,
        headers: {
          ...request.headers,
          ...(authorization === undefined ? {} : { authorization }),
        },
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.upload === undefined ? {} : { upload: request.upload }),
        ...(request.receive === undefined ? {} : { receive: request.receive }),
        maxBytes: request.maxBytes ?? MAX_ANSWER_BYTES,
      });
      const canRepeat = request.upload === undefined;
      if (response.status === 401 && home && canRepeat && challenges++ < 2) {
        if (await host.authorizer.challenged(response, scope, authorization)) continue;
      }
      const redirected = [301, 302, 303, 307, 308].includes(response.status) &&
        (request.method === "GET" || request.method === "HEAD");
      if (!redirected) return { ...response, url };
      const target = followLocation(response.headers["location"], url);
      if (target === undefined) {
        throw new RegistryError("it redirects to where we may not follow", {
          failure: "invalid-answer",
          request: describeRequest(request.method, url),
          status: response.status,
          attempts: 1,
        });
      }
      url = target;
      hops++;
    }
    throw new RegistryError(`it redirects more than ${MAX_REDIRECTS} times`, {
      failure: "invalid-answer",
      request: describeRequest(request.method, first),
      attempts: 1,
    });
  };

  return {
    counters,
    referrersApi: new Map(),
    learningReferrersApi: new Map(),
    knownBlobs: new Set(),
    async request(request) {
      const host = await hostOf(request.repository.registry);
      const url = typeof request.target === "string"
        ? new URL(request.target, host.base)
        : request.target;
      const { receive, upload } = request;
      let flowed = upload !== undefined;
      const watched = receive === undefined ? request : {
        ...request,
        receive: async (piece: Uint8Array): Promise<void> => {
          flowed = true;
          await receive(piece);
        },
      };
      return await persist(
        request.method,
        url,
        host,
        () => attempt(watched, host, url),
        ({ status }) => request.expect.includes(status),
        request,
        () => !flowed,
      );
    },
  };
}
