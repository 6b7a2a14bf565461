import { type Digest, digestOf } from "../reference/digest.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { invalidAnswer } from "./fetch_manifest.ts";
import type { RegistryResponse, Remote } from "./remote.ts";
import { followLocation } from "./transport.ts";

/** Uploads begun for one blob before we give up. */
const MAX_UPLOADS = 3;

/** Upload a blob in one piece; the answer may be a 404 for the upload itself. */
async function upload(
  remote: Remote,
  repository: Repository,
  bytes: Uint8Array,
  digest: Digest,
): Promise<RegistryResponse> {
  const begun = await remote.request({
    method: "POST",
    repository,
    target: `/v2/${repository.path}/blobs/uploads/`,
    actions: "pull,push",
    expect: [202],
  });
  const target = followLocation(begun.headers["location"], begun.url);
  if (target === undefined) {
    throw invalidAnswer("POST", begun, "it does not say where to upload to");
  }
  target.searchParams.set("digest", digest);
  return await remote.request({
    method: "PUT",
    repository,
    target,
    actions: "pull,push",
    headers: { "content-type": "application/octet-stream" },
    body: bytes,
    expect: [201, 204, 404],
  });
}

/**
 * Store a blob in a repository, unless this run knows that it is there already.
 *
 * @throws {RegistryError}
 */
export async function putBlob(
  remote: Remote,
  repository: Repository,
  bytes: Uint8Array,
): Promise<Digest> {
  const digest = digestOf(bytes);
  const known = `${formatRepository(repository)}@${digest}`;
  if (remote.knownBlobs.has(known)) return digest;
  for (let round = 1;; round++) {
    const stored = await upload(remote, repository, bytes, digest);
    if (stored.status !== 404) break;
    // An attempt whose answer was lost on the way has ended the upload: another begins.
    if (round === MAX_UPLOADS) throw invalidAnswer("PUT", stored, "it keeps forgetting the upload");
  }
  remote.knownBlobs.add(known);
  return digest;
}
