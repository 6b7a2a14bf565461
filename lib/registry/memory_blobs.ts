/** The embedded registry's blobs and their uploads (OCI distribution spec 1.1, "Pushing Blobs"). */

import { concatBytes } from "../base/bytes.ts";
import { digestOf, isDigest } from "../reference/digest.ts";
import {
  answer,
  type MemoryAnswer,
  type MemoryRequest,
  methodNotAllowed,
  refuse,
} from "./memory_answer.ts";
import { openRepository, type Store } from "./memory_store.ts";

/** An upload that was begun and not yet closed. */
interface Upload {
  readonly name: string;
  readonly parts: Uint8Array[];
  length: number;
}

/** The uploads under way, by their id. */
export type Uploads = Map<string, Upload>;

/** Which blob or upload. */
export interface BlobCall {
  readonly request: MemoryRequest;
  readonly store: Store;
  readonly uploads: Uploads;
  /** The repository's name. */
  readonly name: string;
  /** The blob's digest, or the upload's id. */
  readonly reference: string;
  readonly query: URLSearchParams;
}

/** Answer on `/v2/<name>/blobs/<digest>`. */
export function answerBlob({ request, store, name, reference }: BlobCall): MemoryAnswer {
  if (!isDigest(reference)) return refuse(400, "DIGEST_INVALID", "want sha256 and 64 hex digits");
  if (request.method !== "GET" && request.method !== "DELETE") return methodNotAllowed();
  const blobs = store.get(name)?.blobs;
  const blob = blobs?.get(reference);
  if (blob === undefined) return refuse(404, "BLOB_UNKNOWN", "blob unknown to registry");
  if (request.method === "DELETE") {
    blobs?.delete(reference);
    return answer(202, {});
  }
  return answer(200, {
    "content-type": "application/octet-stream",
    "docker-content-digest": reference,
    "etag": `"${reference}"`,
  }, blob);
}

function created(name: string, digest: string): MemoryAnswer {
  return answer(201, {
    "location": `/v2/${name}/blobs/${digest}`,
    "docker-content-digest": digest,
  });
}

/** Keep a whole blob if it is what the client says it is. */
function keep(call: BlobCall, digest: string, bytes: Uint8Array): MemoryAnswer {
  if (digestOf(bytes) !== digest) {
    return refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  }
  openRepository(call.store, call.name).blobs.set(digest, bytes);
  return created(call.name, digest);
}

/** Where an upload stands. */
function progress(status: number, id: string, { name, length }: Upload): MemoryAnswer {
  return answer(status, {
    "location": `/v2/${name}/blobs/uploads/${id}`,
    "docker-upload-uuid": id,
    "range": `0-${Math.max(length - 1, 0)}`,
  });
}

/** Begin an upload, unless the blob comes with the request or can be taken from a neighbour. */
function begin(call: BlobCall): MemoryAnswer {
  const { query, store, name, request } = call;
  const mount = query.get("mount");
  const blob = mount === null ? undefined : store.get(query.get("from") ?? "")?.blobs.get(mount);
  if (mount !== null && blob !== undefined) {
    openRepository(store, name).blobs.set(mount, blob);
    return created(name, mount);
  }
  const digest = query.get("digest");
  if (digest !== null) return keep(call, digest, request.body);
  const id = crypto.randomUUID();
  const upload: Upload = { name, parts: [], length: 0 };
  call.uploads.set(id, upload);
  return progress(202, id, upload);
}

/** Take a chunk, if it continues where the upload stands. */
function append({ request: { headers, body } }: BlobCall, upload: Upload): boolean {
  const range = headers["content-range"];
  if (range !== undefined && range.split("-", 1)[0] !== String(upload.length)) return false;
  upload.parts.push(body);
  upload.length += body.length;
  return true;
}

/** Close an upload with its last bytes. */
function finish(call: BlobCall, upload: Upload): MemoryAnswer {
  const digest = call.query.get("digest");
  if (digest === null) return refuse(400, "DIGEST_INVALID", "digest missing");
  const kept = keep(call, digest, concatBytes(upload.parts));
  // A refused upload is over too: what was sent cannot become right by sending more.
  call.uploads.delete(call.reference);
  return kept;
}

/** Answer on `/v2/<name>/blobs/uploads/` and `/v2/<name>/blobs/uploads/<id>`. */
export function answerUpload(call: BlobCall): MemoryAnswer {
  const { request: { method }, uploads, name, reference } = call;
  if (reference === "") return method === "POST" ? begin(call) : methodNotAllowed();
  const upload = uploads.get(reference);
  if (upload?.name !== name) {
    return refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  }
  switch (method) {
    case "GET":
      return progress(204, reference, upload);
    case "DELETE":
      uploads.delete(reference);
      return answer(204, {});
    case "PATCH":
    case "PUT":
      if (!append(call, upload)) return progress(416, reference, upload);
      return method === "PATCH" ? progress(202, reference, upload) : finish(call, upload);
    default:
      return methodNotAllowed();
  }
}
