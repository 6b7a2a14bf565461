/** The embedded registry's manifests (OCI distribution spec 1.1, "Pushing Manifests" and others). */

import { MalformedError } from "../base/errors.ts";
import { MAX_MANIFEST_BYTES } from "../base/limits.ts";
import { digestOf, isDigest } from "../reference/digest.ts";
import {
  answer,
  type MemoryAnswer,
  type MemoryRequest,
  methodNotAllowed,
  refuse,
} from "./memory_answer.ts";
import {
  deleteManifest,
  deleteTag,
  findManifest,
  isTag,
  type ManifestLinks,
  openRepository,
  readLinks,
  setTag,
  type Store,
  storeManifest,
} from "./memory_store.ts";

/** Which manifest, and what the registry allows. */
export interface ManifestCall {
  readonly request: MemoryRequest;
  readonly store: Store;
  /** The repository's name. */
  readonly name: string;
  /** A tag or a digest. */
  readonly reference: string;
  readonly referrers: boolean;
  readonly manifestDelete: boolean;
}

function unknownManifest(reference: string): MemoryAnswer {
  return refuse(404, "MANIFEST_UNKNOWN", `manifest unknown: ${reference}`);
}

function pull({ store, name, reference }: ManifestCall): MemoryAnswer {
  const manifest = findManifest(store.get(name), reference);
  if (manifest === undefined) return unknownManifest(reference);
  return answer(200, {
    "content-type": manifest.mediaType,
    "docker-content-digest": manifest.digest,
    "etag": `"${manifest.digest}"`,
  }, manifest.bytes);
}

/** What a manifest points at and the repository does not have; a subject may come later. */
function missingLink({ store, name }: ManifestCall, links: ManifestLinks): MemoryAnswer | void {
  const repository = store.get(name);
  for (const digest of links.blobs) {
    if (repository?.blobs.has(digest) !== true) {
      return refuse(400, "MANIFEST_BLOB_UNKNOWN", `blob unknown to registry: ${digest}`);
    }
  }
  for (const digest of links.children) {
    if (repository?.manifests.has(digest) !== true) {
      return refuse(400, "MANIFEST_UNKNOWN", `manifest unknown to registry: ${digest}`);
    }
  }
}

function push(call: ManifestCall): MemoryAnswer {
  const { request: { headers, body }, store, name, reference } = call;
  if (body.length > MAX_MANIFEST_BYTES) {
    return refuse(413, "SIZE_INVALID", `the manifest is larger than ${MAX_MANIFEST_BYTES} bytes`);
  }
  const digest = digestOf(body);
  if (reference.includes(":")) {
    if (reference !== digest) {
      return refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    }
  } else if (!isTag(reference)) {
    return refuse(400, "TAG_INVALID", "manifest tag did not match URI");
  }
  let links: ManifestLinks;
  try {
    links = readLinks(body);
  } catch (error) {
    if (error instanceof MalformedError) return refuse(400, "MANIFEST_INVALID", error.message);
    throw error;
  }
  const mediaType = headers["content-type"] ?? links.mediaType;
  if (mediaType === undefined || (links.mediaType ?? mediaType) !== mediaType) {
    return refuse(400, "MANIFEST_INVALID", "the manifest's mediaType is not the Content-Type");
  }
  const missing = missingLink(call, links);
  if (missing !== undefined) return missing;

  const repository = openRepository(store, name);
  storeManifest(repository, { digest, mediaType, bytes: body });
  if (!isDigest(reference)) setTag(repository, reference, digest);
  return answer(201, {
    "location": `/v2/${name}/manifests/${digest}`,
    "docker-content-digest": digest,
    // Its absence tells the client to keep the fallback tag (spec 1.1, "Pushing Manifests with Subject").
    ...(call.referrers && links.subject !== undefined ? { "oci-subject": links.subject } : {}),
  });
}

function remove({ store, name, reference, manifestDelete }: ManifestCall): MemoryAnswer {
  if (!manifestDelete) return methodNotAllowed();
  const repository = store.get(name);
  if (repository === undefined) {
    return refuse(404, "NAME_UNKNOWN", "repository name not known to registry");
  }
  if (!isDigest(reference)) {
    return deleteTag(repository, reference) ? answer(202, {}) : unknownManifest(reference);
  }
  const manifest = repository.manifests.get(reference);
  if (manifest === undefined) return unknownManifest(reference);
  deleteManifest(repository, manifest);
  return answer(202, {});
}

/** Answer on `/v2/<name>/manifests/<reference>`. */
export function answerManifest(call: ManifestCall): MemoryAnswer {
  switch (call.request.method) {
    case "GET":
      return pull(call);
    case "PUT":
      return push(call);
    case "DELETE":
      return remove(call);
    default:
      return methodNotAllowed();
  }
}
