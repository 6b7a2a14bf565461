/** What may go wrong between a client and a registry. */

import type { Fault, MemoryAnswer, MemoryRequest } from "../../lib/registry/memory.ts";
import { answer, refuse } from "../../lib/registry/memory_answer.ts";
import { encodeText } from "../../lib/base/bytes.ts";

/** A registry that has a bad night: says what it answers instead of the right thing. */
export type Trouble = (proceed: () => MemoryAnswer) => MemoryAnswer;

const failing = (status: number, headers: Readonly<Record<string, string>> = {}): Trouble => () =>
  refuse(status, "UNSUPPORTED", "not now", headers);

/** The names of {@link TROUBLES}. */
export type TroubleName =
  | "429"
  | "429 with Retry-After"
  | "500"
  | "502"
  | "503"
  | "401"
  | "403"
  | "reset"
  | "truncated"
  | "timeout"
  | "a web page"
  | "redirect to itself";

/** Everything that a registry, or something in front of it, may do instead of answering. */
export const TROUBLES: Readonly<Record<TroubleName, Trouble>> = {
  "429": failing(429),
  "429 with Retry-After": failing(429, { "retry-after": "7" }),
  "500": failing(500),
  "502": () => answer(502, { "content-type": "text/html" }, encodeText("<h1>Bad Gateway</h1>")),
  "503": failing(503),
  "401": failing(401),
  "403": failing(403),
  "reset": (proceed) => ({ ...proceed(), wire: "reset" }),
  "truncated": (proceed) => ({ ...proceed(), wire: "truncate" }),
  "timeout": (proceed) => ({ ...proceed(), wire: "stall" }),
  "a web page": () => answer(200, { "content-type": "text/html" }, encodeText("<h1>Welcome</h1>")),
  "redirect to itself": () => answer(302, { location: "" }),
};

/** Requests by method and path. */
export function matches(pattern: RegExp): (request: MemoryRequest) => boolean {
  return ({ method, url }) => {
    const { pathname, search } = typeof url === "string" ? new URL(url, "http://registry") : url;
    return pattern.test(`${method} ${pathname}${search}`);
  };
}

/** A fault that can be set, changed and taken away while the registry runs. */
export interface Switch {
  readonly fault: Fault;
  /** Bend the answers to requests that match, `times` times or for good. */
  set(pattern: RegExp, trouble: Trouble, times?: number): void;
  clear(): void;
}

/** Make a registry's fault that does nothing yet. */
export function createSwitch(): Switch {
  let active: { test: ReturnType<typeof matches>; trouble: Trouble; left: number } | undefined;
  return {
    fault(request, proceed) {
      if (active === undefined || active.left === 0 || !active.test(request)) return undefined;
      active.left--;
      return active.trouble(proceed);
    },
    set(pattern, trouble, times = Infinity) {
      active = { test: matches(pattern), trouble, left: times };
    },
    clear() {
      active = undefined;
    },
  };
}
