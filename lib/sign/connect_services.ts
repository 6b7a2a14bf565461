import { type Clock, systemClock } from "../base/clock.ts";
import { openHttp, type Send, type TlsOptions } from "../base/http.ts";
import { environmentProxy } from "../base/proxy.ts";
import { VERSION } from "../base/version.ts";
import { logExchanges } from "../registry/log_exchanges.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "../registry/retry.ts";
import { openServices, type Services } from "./services.ts";

/** Settings of {@link connectServices}; all but the environment have defaults. */
export interface ConnectOptions {
  /** The environment, for proxies: `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly retry?: RetryPolicy | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each HTTP exchange in a line, without what is secret. */
  readonly log?: ((line: string) => void) | undefined;
  /** TLS settings of some of them: a timestamp authority that asks for certificates. */
  readonly special?: {
    readonly urls: readonly string[];
    readonly tls: TlsOptions;
  } | undefined;
}

/** Services, open until closed. */
export interface ConnectedServices extends Services {
  /** Close idle connections, which would keep the process alive. */
  close(): Promise<void>;
}

/** Connections to one service at a time. */
const CONNECTIONS = 16;

/** Reach Sigstore's services as a command does. */
export function connectServices(
  { env, retry = DEFAULT_RETRY, clock = systemClock, signal, special, log }: ConnectOptions,
): ConnectedServices {
  const common = { connections: CONNECTIONS, signal, proxy: environmentProxy(env) };
  const usual = openHttp(common);
  const other = special && openHttp({ ...common, tls: special.tls });
  const origins = new Set(special?.urls.map((url) => new URL(url).origin));
  const send: Send = (request) =>
    (origins.has(request.url.origin) && other !== undefined ? other : usual).send(request);
  const services = openServices({
    send: log === undefined ? send : logExchanges(send, clock, log),
    clock,
    random: Math.random,
    retry,
    userAgent: `sigfleet/${VERSION}`,
    signal,
  });
  return {
    ...services,
    async close() {
      await usual.close();
      await other?.close();
    },
  };
}
