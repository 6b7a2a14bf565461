/**
 * The embedded registry: an OCI distribution registry (spec 1.1) in memory, without a transport.
 * The demo's default and the tests' double; `serve.ts` puts it on a port.
 */

import { systemClock } from "../base/clock.ts";
import { type Digest, digestOf } from "../reference/digest.ts";
import { parseRepository, ReferenceSyntaxError } from "../reference/reference.ts";
import {
  answer,
  answerJson,
  type MemoryAnswer,
  type MemoryRequest,
  methodNotAllowed,
  pageNotFound,
  refuse,
} from "./memory_answer.ts";
import { type Gate, openGate, type RegistryAuth } from "./memory_auth.ts";
import { answerBlob, answerUpload, type Uploads } from "./memory_blobs.ts";
import { answerCatalog, answerReferrers, answerTags } from "./memory_lists.ts";
import { answerManifest } from "./memory_manifests.ts";
import {
  findManifest,
  openRepository,
  setTag,
  sortedTags,
  type Store,
  type StoredManifest,
  storeManifest,
} from "./memory_store.ts";

export type { MemoryAnswer, MemoryRequest } from "./memory_answer.ts";
export type { BasicAuth, BearerAuth, RegistryAuth } from "./memory_auth.ts";
export type { StoredManifest } from "./memory_store.ts";

/** How many of the latest requests the log keeps at least. */
const LOGGED_REQUESTS = 10_000;

/**
 * Answers instead of the registry, before it looks at credentials; nothing lets the request through.
 * `proceed` gives the registry's own answer, to be bent. Waiting in it delays the answer.
 */
export type Fault = (
  request: MemoryRequest,
  proceed: () => MemoryAnswer,
) => MemoryAnswer | undefined | Promise<MemoryAnswer | undefined>;

/** How the embedded registry behaves. */
export interface MemoryRegistryOptions {
  /** Whether it has the referrers API: yes unless told. */
  readonly referrers?: boolean;
  /** The longest page of a listing: 1000 unless told. */
  readonly pageSize?: number;
  /** Whether manifests can be deleted: yes unless told. */
  readonly manifestDelete?: boolean;
  /** Who may use it: everybody unless told. */
  readonly auth?: RegistryAuth;
  readonly fault?: Fault;
  /** The clock that tokens expire by. */
  readonly now?: () => number;
}

/** One request of the log: the path is as it came, with its query. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
}

/** What was asked of the registry. */
export interface RequestLog {
  /** All since the last `clear`. */
  readonly total: number;
  /** The latest of them, oldest first: the newest 10,000 at least. */
  readonly recent: readonly LoggedRequest[];
  clear(): void;
}

/** A registry in memory. Beside `handle`, its methods bypass credentials, faults and checks. */
export interface MemoryRegistry {
  /** Answer one request as a registry would. */
  handle(request: MemoryRequest): Promise<MemoryAnswer>;
  readonly requests: RequestLog;
  /** Store a blob under its hash. */
  putBlob(repository: string, bytes: Uint8Array): Digest;
  /** Store a manifest under its hash, and let `tag` name it. What it points at may be missing. */
  putManifest(repository: string, bytes: Uint8Array, mediaType: string, tag?: string): Digest;
  /** Store bytes under a digest that they may not hash to: a manifest if `mediaType` is given, else a blob. */
  putRaw(repository: string, digest: Digest, bytes: Uint8Array, mediaType?: string): void;
  /** Let a tag name a digest, whether there is a manifest of that digest or not. */
  setTag(repository: string, tag: string, digest: Digest): void;
  /** All tags in order; none of an unknown repository. */
  tags(repository: string): readonly string[];
  /** The manifest that a tag or digest names. */
  manifest(repository: string, reference: string): StoredManifest | undefined;
}

/** What a path under `/v2/` names. */
interface Route {
  readonly name: string;
  readonly kind: "tags" | "manifests" | "uploads" | "blobs" | "referrers";
  /** A tag, a digest or an upload's id. */
  readonly reference: string;
}

// The name is greedy: a repository may itself be called "blobs".
const ROUTE =
  /^\/v2\/(?<name>.+)\/(?:(?<tags>tags)\/list|blobs\/(?<uploads>uploads)(?:\/(?<id>[^/]*))?|(?<kind>manifests|blobs|referrers)\/(?<reference>[^/]+))$/u;

function findRoute(path: string): Route | undefined {
  const { name, tags, uploads, id, kind, reference } = ROUTE.exec(path)?.groups ?? {};
  if (name === undefined) return undefined;
  return {
    name,
    kind: (kind ?? uploads ?? tags) as Route["kind"],
    reference: reference ?? id ?? "",
  };
}

function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    // No route has a "%", so the path is answered as one that is not there.
    return path;
  }
}

function isName(name: string): boolean {
  try {
    return parseRepository(`localhost/${name}`).path === name;
  } catch (error) {
    if (error instanceof ReferenceSyntaxError) return false;
    throw error;
  }
}

/** The scopes that the distribution project's registry asks for. */
function scopesFor(method: string, name: string, query: URLSearchParams): string[] {
  if (method === "GET") return [`repository:${name}:pull`];
  if (method === "DELETE") return [`repository:${name}:delete`];
  const from = query.get("from");
  return [
    `repository:${name}:pull,push`,
    ...(from === null ? [] : [`repository:${from}:pull`]),
  ];
}

/** Everything about the registry that a request does not bring. */
interface Shelf {
  readonly store: Store;
  readonly uploads: Uploads;
  readonly gate: Gate | undefined;
  readonly pageSize: number;
  readonly referrers: boolean;
  readonly manifestDelete: boolean;
}

/** Answer a request to a path under `/v2/<name>/`. */
function answerRoute(
  shelf: Shelf,
  request: MemoryRequest,
  path: string,
  query: URLSearchParams,
): MemoryAnswer {
  const route = findRoute(path);
  if (route === undefined) return pageNotFound();
  const { name, kind, reference } = route;
  const { method } = request;
  const refusal = shelf.gate?.check(request, scopesFor(method, name, query));
  if (refusal !== undefined) return refusal;
  if (method !== "GET" && !shelf.store.has(name) && !isName(name)) {
    return refuse(400, "NAME_INVALID", "invalid repository name");
  }
  switch (kind) {
    case "manifests":
      return answerManifest({ ...shelf, request, name, reference });
    case "blobs":
      return answerBlob({ ...shelf, request, name, reference, query });
    case "uploads":
      return answerUpload({ ...shelf, request, name, reference, query });
    case "tags":
      return method === "GET" ? answerTags({ ...shelf, path, query }, name) : methodNotAllowed();
    case "referrers":
      if (!shelf.referrers) return pageNotFound();
      return method === "GET"
        ? answerReferrers({ ...shelf, path, query }, name, reference)
        : methodNotAllowed();
    default:
      return kind satisfies never;
  }
}

function dispatch(shelf: Shelf, request: MemoryRequest, target: string): MemoryAnswer {
  const [rawPath = "", search = ""] = target.split("?", 2);
  const path = decodePath(rawPath);
  const query = new URLSearchParams(search);
  const { gate } = shelf;
  if (path === "/v2/" || path === "/v2") {
    return gate?.check(request, []) ?? answerJson(200, {});
  }
  if (path === "/v2/_catalog") {
    if (request.method !== "GET") return methodNotAllowed();
    return gate?.check(request, ["registry:catalog:*"]) ??
      answerCatalog({ ...shelf, path, query });
  }
  if (path === gate?.tokens?.path) return gate.tokens.issue(request, query);
  return answerRoute(shelf, request, path, query);
}

/** Answer HEAD as GET, without the body. */
function dispatchHead(shelf: Shelf, request: MemoryRequest, target: string): MemoryAnswer {
  const { status, headers } = dispatch(shelf, { ...request, method: "GET" }, target);
  return { ...answer(status, {}), headers };
}

function openLog(): RequestLog & { add(request: LoggedRequest): void } {
  let total = 0;
  const recent: LoggedRequest[] = [];
  return {
    get total() {
      return total;
    },
    recent,
    clear() {
      total = 0;
      recent.length = 0;
    },
    add(request) {
      total++;
      // Half at a time: dropping one for each that comes would move them all each time.
      if (recent.length >= 2 * LOGGED_REQUESTS) recent.splice(0, LOGGED_REQUESTS);
      recent.push(request);
    },
  };
}

/** Make an empty registry. It knows SHA-256 only, and neither ranges nor conditional requests. */
export function createMemoryRegistry(options: MemoryRegistryOptions = {}): MemoryRegistry {
  const store: Store = new Map();
  const shelf: Shelf = {
    store,
    uploads: new Map(),
    gate: openGate(options.auth, options.now ?? systemClock.now),
    pageSize: options.pageSize ?? 1000,
    referrers: options.referrers ?? true,
    manifestDelete: options.manifestDelete ?? true,
  };
  const { fault } = options;
  const requests = openLog();

  const putRaw: MemoryRegistry["putRaw"] = (name, digest, bytes, mediaType) => {
    const repository = openRepository(store, name);
    if (mediaType === undefined) repository.blobs.set(digest, bytes);
    else storeManifest(repository, { digest, mediaType, bytes });
  };

  return {
    async handle(request) {
      const { method, url } = request;
      const { pathname, search } = typeof url === "string" ? new URL(url, "http://registry") : url;
      const target = `${pathname}${search}`;
      requests.add({ method, path: target });
      const proceed = (): MemoryAnswer =>
        method === "HEAD" ? dispatchHead(shelf, request, target) : dispatch(shelf, request, target);
      return await fault?.(request, proceed) ?? proceed();
    },
    requests,
    putBlob(name, bytes) {
      const digest = digestOf(bytes);
      putRaw(name, digest, bytes);
      return digest;
    },
    putManifest(name, bytes, mediaType, tag) {
      const digest = digestOf(bytes);
      putRaw(name, digest, bytes, mediaType);
      if (tag !== undefined) setTag(openRepository(store, name), tag, digest);
      return digest;
    },
    putRaw,
    setTag: (name, tag, digest) => setTag(openRepository(store, name), tag, digest),
    tags(name) {
      const repository = store.get(name);
      return repository === undefined ? [] : sortedTags(repository);
    },
    manifest: (name, reference) => findManifest(store.get(name), reference),
  };
}
