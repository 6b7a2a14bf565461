import { HttpError, type HttpRequest, type HttpResponse } from "../base/http.ts";
import { MAX_ANSWER_BYTES } from "../base/limits.ts";
import { RegistryError } from "./registry_error.ts";

/** Whether a host name can only be this machine, so that plain HTTP never crosses a network. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") ||
    hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/u.test(hostname);
}

/**
 * Where an address from a registry's answer leads (Location, Link), or `undefined` where we may not
 * follow: from HTTPS to HTTP, or from loopback to elsewhere without TLS.
 */
export function followLocation(location: string | undefined, from: URL): URL | undefined {
  if (location === undefined || !URL.canParse(location, from)) return undefined;
  const target = new URL(location, from);
  // Behind a proxy that ends TLS some registries write http:// into addresses of their own.
  if (target.host === from.host) target.protocol = from.protocol;
  // From a layout folder to itself; no registry has such an address.
  if (target.protocol === "https:" || from.protocol === "file:") return target;
  const allowed = target.protocol === "http:" && from.protocol === "http:" &&
    (target.host === from.host || isLoopback(target.hostname) && isLoopback(from.hostname));
  return allowed ? target : undefined;
}

/**
 * Find how to reach a registry: HTTPS, and plain HTTP only for loopback or where it is allowed and
 * HTTPS does not answer.
 *
 * @throws {RegistryError} if neither answers
 */
export async function openBase(
  host: string,
  allowHttp: boolean,
  send: (request: Omit<HttpRequest, "deadline">) => Promise<HttpResponse>,
): Promise<URL> {
  const secure = new URL(`https://${host}`);
  const plain = new URL(`http://${host}`);
  const local = isLoopback(secure.hostname);
  if (!local && !allowHttp) return secure;
  // Which of the two answers is not known: loopback registries speak HTTP as a rule, others HTTPS.
  const order = local ? [plain, secure] : [secure, plain];
  let failure: unknown;
  for (const base of order) {
    try {
      const url = new URL("/v2/", base);
      const { status } = await send({
        method: "GET",
        url,
        headers: {},
        maxBytes: MAX_ANSWER_BYTES,
      });
      // Go's servers answer plain HTTP on a TLS port with 400.
      if (base.protocol === "https:" || status !== 400) return base;
    } catch (error) {
      if (!(error instanceof HttpError) || error.failure === "aborted") throw error;
      failure = error;
    }
  }
  throw new RegistryError(`neither http nor https answers: ${(failure as Error).message}`, {
    failure: "unavailable",
    request: `reach ${host}`,
    attempts: 2,
  }, { cause: failure });
}
