/** A client of embedded registries without sockets, on a clock that does not make anybody wait. */

import { concatBytes } from "../../lib/base/bytes.ts";
import { messageOf } from "../../lib/base/errors.ts";
import { HttpError, type HttpRequest, type HttpResponse } from "../../lib/base/http.ts";
import type { CredentialSource } from "../../lib/registry/credentials.ts";
import type { MemoryRegistry } from "../../lib/registry/memory.ts";
import { openRemote, type Remote } from "../../lib/registry/remote.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "../../lib/registry/retry.ts";
import { collect } from "./collect.ts";
import { createTestClock, type TestClock } from "./test_clock.ts";

/** What answers at an origin. */
export type Answering = Pick<MemoryRegistry, "handle">;

/** Settings of {@link openTestRemote}. */
export interface TestRemoteOptions {
  readonly clock?: TestClock;
  readonly credentials?: CredentialSource;
  readonly retry?: RetryPolicy;
  readonly allowHttp?: boolean;
  readonly signal?: AbortSignal;
}

/** A client, with its clock and what it sent. */
export interface TestRemote {
  readonly remote: Remote;
  readonly clock: TestClock;
  /** Every request, in order, to whatever origin. */
  readonly sent: readonly HttpRequest[];
}

/** The origin of the registry where there is but one. */
export const HOST = "localhost:5000";

/** The body of a request, whether it comes in one piece or in many. */
async function bodyOf({ body, upload }: HttpRequest): Promise<Uint8Array> {
  if (upload === undefined) return body ?? new Uint8Array();
  try {
    return concatBytes(await collect(upload));
  } catch (error) {
    throw new HttpError("network", messageOf(error), { cause: error });
  }
}

/** Carry a request to the registry at its origin, as HTTP would. */
async function carry(
  origins: Readonly<Record<string, Answering>>,
  request: HttpRequest,
): Promise<HttpResponse> {
  const { url, method, headers, maxBytes, receive } = request;
  const registry = origins[url.origin];
  if (registry === undefined) throw new HttpError("network", `connect ECONNREFUSED ${url.host}`);
  const answer = await registry.handle({
    method,
    url,
    headers: { host: url.host, ...headers },
    body: await bodyOf(request),
  });
  switch (answer.wire) {
    case "stall":
      throw new HttpError("timeout", "no complete answer within 30 s");
    case "reset":
      throw new HttpError("network", "other side closed");
    case "truncate":
      throw new HttpError("network", "terminated");
    case undefined:
      break;
    default:
      return answer.wire satisfies never;
  }
  const bytes = method === "HEAD" ? new Uint8Array() : answer.body;
  if (bytes.length > maxBytes) {
    throw new HttpError("too-large", `answer is larger than ${maxBytes} bytes`);
  }
  const { status } = answer;
  if (receive === undefined || status < 200 || status > 299) {
    return { status, headers: answer.headers, body: bytes };
  }
  const half = Math.ceil(bytes.length / 2);
  for (const piece of [bytes.subarray(0, half), bytes.subarray(half)]) await receive(piece);
  return { status, headers: answer.headers, body: new Uint8Array() };
}

/** Open a client of several registries, by origin: `https://registry.example`. */
export function openTestRemotes(
  origins: Readonly<Record<string, Answering>>,
  options: TestRemoteOptions = {},
): TestRemote {
  const clock = options.clock ?? createTestClock();
  const sent: HttpRequest[] = [];
  const remote = openRemote({
    send: (request) => {
      sent.push(request);
      return carry(origins, request);
    },
    credentials: options.credentials ?? (() => Promise.resolve(undefined)),
    clock,
    random: () => 0.5,
    retry: options.retry ?? DEFAULT_RETRY,
    deadline: 30_000,
    allowHttp: options.allowHttp ?? false,
    userAgent: "sigfleet/test",
    signal: options.signal,
  });
  return { remote, clock, sent };
}

/** Open a client of one registry, at `http://localhost:5000`. */
export function openTestRemote(
  registry: Answering,
  options: TestRemoteOptions = {},
): TestRemote {
  return openTestRemotes({ [`http://${HOST}`]: registry }, options);
}
