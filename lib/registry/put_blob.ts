import { type Digest, digestOf } from "../reference/digest.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { invalidAnswer } from "./fetch_manifest.ts";
import type { Remote } from "./remote.ts";
import { followLocation } from "./transport.ts";

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
  await remote.request({
    method: "PUT",
    repository,
    target,
    actions: "pull,push",
    headers: { "content-type": "application/octet-stream" },
    body: bytes,
    expect: [201, 204],
  });
  remote.knownBlobs.add(known);
  return digest;
}
