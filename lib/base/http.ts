/**
 * The only network door: one request, one bounded answer.
 *
 * On Node the first requests to an origin go by its own client, which is there at once; what sends more,
 * and all on Deno, gets undici's dispatcher. Measured beside `fetch` on the same registry
 * undici answers three to four times as many requests on Node, and no fewer on Deno (bench/README.md).
 */

import { versions } from "node:process";
import type { Dispatcher } from "undici";
import { concatBytes } from "./bytes.ts";
import type { ErrorCode } from "./errors.ts";
import {
  type ConnectOptions,
  type Dispatching,
  openPlatformDispatcher,
} from "./platform_dispatcher.ts";

/** Why a request got no answer. */
export type HttpFailure = "network" | "timeout" | "too-large" | "aborted";

/** A request got no complete answer. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: Extract<ErrorCode, "HTTP"> = "HTTP";
  readonly failure: HttpFailure;

  constructor(failure: HttpFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** One HTTP request. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** A body that is sent piece by piece instead. The caller says its length in the headers. */
  readonly upload?: AsyncIterable<Uint8Array>;
  /**
   * Takes the body of a 2xx answer piece by piece; the answer then holds none. The next piece is read
   * when the promise resolves, and the exchange fails if it rejects.
   */
  readonly receive?: (piece: Uint8Array) => Promise<void>;
  /** The answer's body is cut off with an error beyond this. */
  readonly maxBytes: number;
  /** Milliseconds for the whole exchange; piece by piece, for each of them. */
  readonly deadline: number;
}

/** Its answer; header names are in lower case, repeated ones joined by ", ". */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Send a request. Redirects are not followed; rejects only with {@link HttpError}. */
export type Send = (request: HttpRequest) => Promise<HttpResponse>;

/** TLS settings of a connection. PEM texts. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  /** Accept any certificate. */
  readonly insecure?: boolean;
}

/** Proxies, as the usual environment variables name them. */
export interface ProxyOptions {
  /** The proxy for `http:` addresses (HTTP_PROXY). */
  readonly http?: string | undefined;
  /** The proxy for `https:` addresses, through a tunnel (HTTPS_PROXY). */
  readonly https?: string | undefined;
  /** Hosts to reach without, separated by commas (NO_PROXY). */
  readonly except?: string | undefined;
}

/** Settings of {@link openHttp}. */
export interface HttpOptions {
  /** Connections to one origin. */
  readonly connections: number;
  readonly tls?: TlsOptions;
  readonly proxy?: ProxyOptions | undefined;
  /** Requests to an origin before undici is loaded for it: 100 on Node and none on Deno unless told. */
  readonly requestsBefore?: number | undefined;
  /** Stops every exchange, under way and to come. */
  readonly signal?: AbortSignal | undefined;
}

/** The caller stopped the client. */
class StoppedError extends Error {
  override readonly message = "stopped before an answer came";
}

/** An open HTTP client. Close it, or its idle connections keep the process alive. */
export interface HttpClient {
  readonly send: Send;
  close(): Promise<void>;
}

function joinHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = typeof value === "string" ? value : value.join(", ");
  }
  return joined;
}

/** Give the pieces of a body on, and tell of each. */
async function* watch(
  pieces: AsyncIterable<Uint8Array>,
  onPiece: () => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    onPiece();
    yield piece;
  }
}

/** One exchange, as a promise. */
function exchange(dispatcher: Dispatching, request: HttpRequest): Promise<HttpResponse> {
  const { url, method, maxBytes } = request;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: Record<string, string> = {};
    let length = 0;
    const chunks: Uint8Array[] = [];

    let over = false;
    const fail = (failure: HttpFailure, message: string, cause?: unknown): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      reject(new HttpError(failure, message, { cause }));
      controller?.abort(new Error(message));
    };
    const startTimer = (): ReturnType<typeof setTimeout> =>
      setTimeout(
        () => fail("timeout", `no complete answer within ${request.deadline / 1000} s`),
        request.deadline,
      );
    let timer = startTimer();
    const restartTimer = (): void => {
      if (over) return;
      clearTimeout(timer);
      timer = startTimer();
    };
    // Pieces are taken one after another: what was read before a pause still comes.
    let taking: Promise<void> = Promise.resolve();
    let untaken = 0;
    const take = (
      receive: NonNullable<HttpRequest["receive"]>,
      piece: Uint8Array,
      flow: Dispatcher.DispatchController,
    ): void => {
      flow.pause();
      untaken++;
      // However long the taker needs: the registry is not to blame for it.
      clearTimeout(timer);
      taking = taking.then(async () => {
        if (over) return;
        try {
          await receive(piece);
        } catch (error) {
          return fail("aborted", "the answer was not wanted to its end", error);
        }
        if (--untaken > 0 || over) return;
        restartTimer();
        flow.resume();
      });
    };

    dispatcher.dispatch({
      origin: url.origin,
      method,
      path: `${url.pathname}${url.search}`,
      headers: { ...request.headers },
      // undici takes any iterable, and its types only say so of request().
      body: request.body ??
        (request.upload &&
          watch(request.upload, restartTimer) as unknown as Dispatcher.DispatchOptions["body"]) ??
        null,
      // undici would close the connection after each HEAD, lest the server send a body all the same.
      // Over TLS that is a handshake for every tag; Go's client, and so cosign, does not do it either.
      reset: false,
    }, {
      onRequestStart(started) {
        controller = started;
      },
      onResponseStart(_controller, code, fields) {
        status = code;
        headers = joinHeaders(fields);
      },
      onResponseData(flow, chunk) {
        // After a pause at the end of what was read undici gives an empty piece. Pausing for that too
        // would go on for ever, without a turn for the sockets.
        if (chunk.length === 0) return;
        length += chunk.length;
        if (length > maxBytes) fail("too-large", `answer is larger than ${maxBytes} bytes`);
        // The chunk is a view of the parser's own buffer, which is used again.
        else if (request.receive === undefined || status < 200 || status > 299) {
          chunks.push(new Uint8Array(chunk));
        } else take(request.receive, new Uint8Array(chunk), flow);
      },
      onResponseEnd() {
        clearTimeout(timer);
        void taking.then(() => {
          over = true;
          clearTimeout(timer);
          resolve({
            status,
            headers,
            body: chunks.length === 1 ? chunks[0]! : concatBytes(chunks),
          });
        });
      },
      onResponseError(_controller, error) {
        const failure = error instanceof StoppedError ? "aborted" : "network";
        fail(failure, error.message === "" ? error.name : error.message, error);
      },
    });
  });
}

/** Whether an address is on this machine, where no proxy can reach it. */
function isLocal({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

/** The proxy on the way to an address, if there is one. */
function proxyFor(url: URL, proxy: ProxyOptions | undefined): string | undefined {
  const uri = url.protocol === "https:" ? proxy?.https : proxy?.http;
  return uri === "" || isLocal(url) ? undefined : uri;
}

function connectOptions(tls: TlsOptions | undefined): ConnectOptions {
  return {
    timeout: 10_000,
    rejectUnauthorized: tls?.insecure !== true,
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
    ...(tls?.servername === undefined ? {} : { servername: tls.servername }),
  };
}

type Undici = typeof import("undici");

/** Make undici's dispatcher for one origin: a pool of keep-alive connections, or a way through a proxy. */
async function openUndici(
  url: URL,
  { connections, tls, proxy }: HttpOptions,
): Promise<Dispatching> {
  const connect = connectOptions(tls);
  // A body's deadline is the whole exchange's.
  const options = { connections, headersTimeout: 0, bodyTimeout: 0 };
  if (proxyFor(url, proxy) !== undefined) {
    // @ts-ignore: the inner module has no declaration of its own; the cast gives it the index's
    const agent = await import("undici/lib/dispatcher/env-http-proxy-agent.js");
    const Constructor = agent.default as Undici["EnvHttpProxyAgent"];
    return new Constructor({
      ...options,
      // What is not given is else read from the process's environment.
      httpProxy: proxy?.http ?? "",
      httpsProxy: proxy?.https ?? "",
      noProxy: proxy?.except ?? "",
      connect,
      requestTls: connect,
    });
  }
  // The package's index loads far more than its pool: 70 ms against 24 ms at start-up.
  // @ts-ignore: as above
  const pool = await import("undici/lib/dispatcher/pool.js");
  const Constructor = pool.default as Undici["Pool"];
  return new Constructor(url.origin, { ...options, connect });
}

/**
 * Requests to an origin that the platform's client sends. undici answers twice as many a second, but
 * loading it, and compiling its parser while the process waits to end, takes as long as 500 requests.
 *
 * None on Deno: its client itself sends a request anew, a PUT too, where a kept connection is reset, and
 * a tag that is written again unseen can lose another signer's signature.
 */
const REQUESTS_BEFORE = "deno" in versions ? 0 : 100;

/** The dispatchers of one origin. */
interface Origin {
  requests: number;
  platform?: Dispatching;
  undici?: Promise<Dispatching>;
}

/** Open a client with pools of keep-alive connections for each origin. */
export function openHttp(options: HttpOptions): HttpClient {
  const { signal, requestsBefore = REQUESTS_BEFORE } = options;
  const origins = new Map<string, Origin>();

  const close = async (error: Error | null): Promise<void> => {
    const open = [...origins.values()];
    origins.clear();
    for (const { platform, undici } of open) {
      await platform?.destroy(error);
      await (await undici)?.destroy(error);
    }
  };
  // One listener for all: one for each exchange took a tenth of a long run's processor time.
  signal?.addEventListener("abort", () => void close(new StoppedError()), { once: true });

  const dispatcherFor = (
    { url, upload, receive }: HttpRequest,
  ): Dispatching | Promise<Dispatching> => {
    let origin = origins.get(url.origin);
    if (origin === undefined) {
      origin = { requests: 0 };
      origins.set(url.origin, origin);
    }
    const whole = upload === undefined && receive === undefined;
    if (whole && origin.requests < requestsBefore && proxyFor(url, options.proxy) === undefined) {
      origin.requests++;
      const { connections, tls } = options;
      return origin.platform ??= openPlatformDispatcher(url, connections, connectOptions(tls));
    }
    return origin.undici ??= openUndici(url, options);
  };

  return {
    async send(request) {
      const dispatcher = await dispatcherFor(request);
      if (signal?.aborted === true) throw new HttpError("aborted", new StoppedError().message);
      return await exchange(dispatcher, request);
    },
    close: () => close(null),
  };
}
