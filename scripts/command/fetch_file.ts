import { openHttp } from "../../lib/base/http.ts";
import { UsageError } from "../../lib/base/errors.ts";
import { MAX_REDIRECTS } from "../../lib/base/limits.ts";
import { environmentProxy } from "../../lib/base/proxy.ts";
import type { Io } from "./io.ts";

/** What may be fetched, and how. */
export interface FetchFileOptions {
  /** What it is, for the error: "key". */
  readonly what: string;
  readonly maxBytes: number;
  /** Whether plain HTTP will do: what comes over it is only as good as a signature over it. */
  readonly allowHttp?: boolean;
}

/** Milliseconds for one answer. */
const DEADLINE = 30_000;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/u;

/** Without what may be secret. */
function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** Whether a word names a file on the web. */
export function isWebUrl(word: string): boolean {
  return /^https?:\/\//iu.test(word);
}

/**
 * Fetch a small file from the web. Only an answer of 200 will do: an error page is no key.
 *
 * @throws {UsageError}
 */
export async function fetchFile(
  address: string,
  { what, maxBytes, allowHttp = false }: FetchFileOptions,
  { env, signal }: Io,
): Promise<Uint8Array> {
  if (!URL.canParse(address)) throw new UsageError(`Cannot fetch ${what}: the URL is malformed`);
  let url = new URL(address);
  const secure = (next: URL): boolean =>
    next.protocol === "https:" ||
    next.protocol === "http:" && (allowHttp || LOOPBACK.test(next.hostname));
  const http = openHttp({ connections: 1, signal, proxy: environmentProxy(env) });
  try {
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      if (!secure(url)) {
        throw new UsageError(`Cannot fetch ${what} ${shownUrl(url)}: want https://`);
      }
      if (url.username !== "" || url.password !== "") {
        throw new UsageError(`Cannot fetch ${what} ${shownUrl(url)}: want no password in the URL`);
      }
      const { status, headers, body } = await http.send({
        method: "GET",
        url,
        headers: { accept: "*/*", "user-agent": "sigfleet" },
        maxBytes,
        deadline: DEADLINE,
      }).catch((error: Error) => {
        throw new UsageError(`Cannot fetch ${what} ${shownUrl(url)}: ${error.message}`, {
          cause: error,
        });
      });
      if (status === 200) return body;
      const location = headers["location"];
      const moved = [301, 302, 303, 307, 308].includes(status) && location !== undefined &&
        URL.canParse(location, url);
      if (!moved) {
        throw new UsageError(`Cannot fetch ${what} ${shownUrl(url)}: the answer is ${status}`);
      }
      const next = new URL(location, url);
      if (url.protocol === "https:" && next.protocol !== "https:") {
        throw new UsageError(`Cannot fetch ${what} ${shownUrl(url)}: it leads away from https://`);
      }
      url = next;
    }
    throw new UsageError(`Cannot fetch ${what} ${address}: over ${MAX_REDIRECTS} redirects`);
  } finally {
    await http.close();
  }
}
