import { type Clock, systemClock } from "../base/clock.ts";
import { openHttp, type TlsOptions } from "../base/http.ts";
import { environmentProxy } from "../base/proxy.ts";
import { VERSION } from "../base/version.ts";
import { type CredentialSource, dockerCredentials } from "./credentials.ts";
import { logExchanges } from "./log_exchanges.ts";
import { openRemote, type Remote } from "./remote.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";

/** Settings of {@link openRegistries}; all but the environment have defaults for a nightly run. */
export interface RegistriesOptions {
  /** The environment, for Docker's configuration and for proxies: `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where credentials come from instead of Docker's configuration. */
  readonly credentials?: CredentialSource | undefined;
  /** Speak plain HTTP to registries that do not answer HTTPS; loopback ones need no permission. */
  readonly allowHttp?: boolean | undefined;
  readonly tls?: TlsOptions | undefined;
  /** Connections to one registry at a time. */
  readonly connections?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** Milliseconds for one exchange. */
  readonly deadline?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each HTTP exchange in a line, without what is secret. */
  readonly log?: ((line: string) => void) | undefined;
}

/** Registries, open until closed. */
export interface Registries extends Remote {
  /** Close idle connections, which would keep the process alive. */
  close(): Promise<void>;
}

/** Open registries as a command does: Docker's credentials, the machine's clock, sensible limits. */
export function openRegistries(options: RegistriesOptions): Registries {
  const { env, clock = systemClock, log } = options;
  const http = openHttp({
    connections: options.connections ?? 32,
    signal: options.signal,
    proxy: environmentProxy(env),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
  const remote = openRemote({
    send: log === undefined ? http.send : logExchanges(http.send, clock, log),
    credentials: options.credentials ?? dockerCredentials({ env }),
    clock,
    random: Math.random,
    retry: options.retry ?? DEFAULT_RETRY,
    deadline: options.deadline ?? 30_000,
    allowHttp: options.allowHttp ?? false,
    userAgent: `sigfleet/${VERSION}`,
    signal: options.signal,
  });
  return { ...remote, close: http.close };
}
