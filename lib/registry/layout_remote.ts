/**
 * A layout folder as a registry with one repository: what works on registries works on folders. The
 * manifests are held as the embedded registry holds them; the blobs are files.
 */

import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import { MAX_MANIFEST_BYTES } from "../base/limits.ts";
import { type Digest, digestOf, isDigest } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import {
  blobName,
  cannotRead,
  findFile,
  isIntact,
  type LayoutWriter,
  readPieces,
  readWhole,
} from "./layout_files.ts";
import { LAYOUT_INDEX } from "./layout_index.ts";
import { MEDIA_TYPES } from "./manifest.ts";
import {
  answer,
  type MemoryAnswer,
  methodNotAllowed,
  pageNotFound,
  refuse,
} from "./memory_answer.ts";
import { answerReferrers, answerTags } from "./memory_lists.ts";
import { answerManifest } from "./memory_manifests.ts";
import {
  openRepository,
  type Referrer,
  type Store,
  type StoredRepository,
} from "./memory_store.ts";
import { describeRequest, RegistryError } from "./registry_error.ts";
import { readErrorDocument, type RegistryRequest, type Remote } from "./remote.ts";

/** The one repository that a layout is. Its name leads nowhere (RFC 6761 §6.4). */
export const LAYOUT_REPOSITORY: Repository = { registry: "oci-layout.invalid", path: "image" };

/** What an open folder is made of. */
interface Folder {
  /** Its own name, without links. */
  readonly folder: string;
  /** The tags and referrers; the manifests too where they are being written. */
  readonly store: Store;
  readonly signal?: AbortSignal | undefined;
}

/** A folder that is read. */
export interface ReadFolder extends Folder {
  readonly writer?: undefined;
  /** A blob that is not what its name says, and may have been a referrer of anything. */
  readonly damaged?: Digest | undefined;
}

/** A folder that is written: what was there before counts only as far as its blobs can be used again. */
export interface WrittenFolder extends Folder {
  readonly writer: LayoutWriter;
}

type OpenFolder = ReadFolder | WrittenFolder;

/** Begin with an empty repository. */
export function emptyStore(): { readonly store: Store; readonly repository: StoredRepository } {
  const store: Store = new Map();
  return { store, repository: openRepository(store, LAYOUT_REPOSITORY.path) };
}

// What the functions of lib/registry ask for; whoever asks for more is answered with 404.
const ROUTE =
  /^\/v2\/image\/(?:(?<tags>tags)\/list|blobs\/(?<uploads>uploads)\/|(?<kind>manifests|referrers|blobs)\/(?<reference>[^/]+))$/u;

const NOTHING = new Uint8Array();

/** A longer listing has pages all the same: clients ask for them. */
const PAGE_SIZE = 1000;

/** Remember that a blob is there: manifests that point at it may follow. Its bytes are in the file. */
function remember({ store }: OpenFolder, digest: Digest): void {
  openRepository(store, LAYOUT_REPOSITORY.path).blobs.set(digest, NOTHING);
}

async function answerBlob(
  open: OpenFolder,
  { method, receive, maxBytes = Infinity }: RegistryRequest,
  reference: string,
): Promise<MemoryAnswer> {
  if (!isDigest(reference)) return refuse(400, "DIGEST_INVALID", "want sha256 and 64 hex digits");
  const file = await findFile(open.folder, blobName(reference));
  const unknown = refuse(404, "BLOB_UNKNOWN", "there is no such file");
  if (file === undefined) return unknown;
  if (method === "HEAD") {
    // Who asks wants to write it if it is not there: a broken one is to be written over.
    if (!await isIntact(file, reference)) return unknown;
    remember(open, reference);
    return answer(200, {});
  }
  if (method !== "GET") return methodNotAllowed();
  if (receive === undefined) return answer(200, {}, await readWhole(file, maxBytes));
  if (file.size > maxBytes) throw cannotRead(file.path, `it is larger than ${maxBytes} bytes`);
  for await (const piece of readPieces(file)) await receive(piece);
  return answer(200, {});
}

/** Take a blob in one piece, as the functions of lib/registry send it. */
async function answerUpload(
  open: OpenFolder,
  { method, upload, body = NOTHING }: RegistryRequest,
  query: URLSearchParams,
): Promise<MemoryAnswer> {
  if (open.writer === undefined) return methodNotAllowed();
  const digest = query.get("digest") ?? "";
  if (method === "POST") return answer(202, { location: "/v2/image/blobs/uploads/" });
  if (method !== "PUT") return methodNotAllowed();
  if (!isDigest(digest)) return refuse(400, "DIGEST_INVALID", "want sha256 and 64 hex digits");
  await open.writer.write(blobName(digest), upload ?? [body], digest);
  remember(open, digest);
  return answer(201, { "docker-content-digest": digest });
}

const ShapeSchema = v.object({
  mediaType: v.exactOptional(v.string()),
  manifests: v.exactOptional(v.unknown()),
});

/** The type of a manifest; those of OCI may leave it out (OCI image spec 1.1, "Image Manifest"). */
function mediaTypeOf(bytes: Uint8Array): string {
  try {
    const { mediaType, manifests } = parseJson("manifest", bytes, ShapeSchema);
    return mediaType ?? (manifests === undefined ? MEDIA_TYPES.ociManifest : MEDIA_TYPES.ociIndex);
  } catch (error) {
    if (error instanceof MalformedError) return MEDIA_TYPES.ociManifest;
    throw error;
  }
}

/** Answer with what the file holds; whether that is what the digest names is for the reader to check. */
async function readManifest(
  { folder, store }: ReadFolder,
  method: string,
  reference: string,
): Promise<MemoryAnswer> {
  if (method !== "GET" && method !== "HEAD") return methodNotAllowed();
  const { tags } = openRepository(store, LAYOUT_REPOSITORY.path);
  const digest = isDigest(reference) ? reference : tags.get(reference);
  const file = digest && await findFile(folder, blobName(digest));
  if (file === undefined) return refuse(404, "MANIFEST_UNKNOWN", "there is no such manifest");
  const bytes = await readWhole(file, MAX_MANIFEST_BYTES);
  return answer(200, {
    "content-type": mediaTypeOf(bytes),
    "docker-content-digest": digest!,
  }, bytes);
}

async function keepManifest(
  { store, writer }: WrittenFolder,
  { method, headers = {}, body = NOTHING }: RegistryRequest,
  url: URL,
  reference: string,
): Promise<MemoryAnswer> {
  const answered = answerManifest({
    request: { method: method === "HEAD" ? "GET" : method, url, headers, body },
    store,
    name: LAYOUT_REPOSITORY.path,
    reference,
    referrers: true,
    manifestDelete: false,
  });
  if (answered.status === 201) {
    const digest = digestOf(body);
    await writer.write(blobName(digest), [body], digest);
  }
  return answered;
}

/** Let a damaged blob be a referrer of whatever is asked about: who fetches it finds out. */
function listDamaged({ store, damaged }: ReadFolder, subject: string): void {
  if (damaged === undefined) return;
  const { referrers } = openRepository(store, LAYOUT_REPOSITORY.path);
  const listed = referrers.get(subject) ?? new Map<Digest, Referrer>();
  referrers.set(subject, listed);
  listed.set(damaged, { mediaType: MEDIA_TYPES.ociManifest, digest: damaged, size: 0 });
}

async function dispatch(
  open: OpenFolder,
  request: RegistryRequest,
  url: URL,
): Promise<MemoryAnswer> {
  const { tags, uploads, kind, reference = "" } = ROUTE.exec(url.pathname)?.groups ?? {};
  const query = url.searchParams;
  const list = { store: open.store, path: url.pathname, query, pageSize: PAGE_SIZE };
  if (tags !== undefined) return answerTags(list, LAYOUT_REPOSITORY.path);
  if (uploads !== undefined) return await answerUpload(open, request, query);
  if (kind === "blobs") return await answerBlob(open, request, reference);
  if (kind === "manifests") {
    return open.writer === undefined
      ? await readManifest(open, request.method, reference)
      : await keepManifest(open, request, url, reference);
  }
  if (kind !== "referrers") return pageNotFound();
  if (open.writer === undefined) listDamaged(open, reference);
  return answerReferrers(list, LAYOUT_REPOSITORY.path, reference);
}

/** The file that an answer comes from, for errors. */
function sourceOf({ folder }: OpenFolder, url: URL): URL {
  const { reference = "" } = ROUTE.exec(url.pathname)?.groups ?? {};
  return pathToFileURL(`${folder}/${isDigest(reference) ? blobName(reference) : LAYOUT_INDEX}`);
}

/** Make a remote of a folder; whatever repository is asked for, it must be {@link LAYOUT_REPOSITORY}. */
export function openLayoutRemote(open: OpenFolder): Remote {
  const counters = { requests: 0, retries: 0 };
  return {
    counters,
    referrersApi: new Map(),
    learningReferrersApi: new Map(),
    knownBlobs: new Set(),
    async request(request) {
      open.signal?.throwIfAborted();
      counters.requests++;
      const url = new URL(request.target, "file:///");
      const source = sourceOf(open, url);
      const { status, headers, body } = await dispatch(open, request, url);
      if (request.expect.includes(status)) {
        const shown = request.method === "HEAD" ? NOTHING : body;
        return { status, headers, body: shown, url: source, attempts: 1 };
      }
      throw new RegistryError(readErrorDocument(body)?.message ?? `the answer was ${status}`, {
        failure: status === 404 ? "not-found" : "invalid-answer",
        request: describeRequest(request.method, source),
        status,
        attempts: 1,
      });
    },
  };
}
