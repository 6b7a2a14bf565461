import { startSha256 } from "../base/hash.ts";
import type { Digest } from "../reference/digest.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { invalidAnswer } from "./fetch_manifest.ts";
import { RegistryError } from "./registry_error.ts";
import type { RegistryResponse, Remote } from "./remote.ts";
import { followLocation } from "./transport.ts";

/** Uploads begun for one blob before we give up: each may break off in the middle. */
const MAX_UPLOADS = 3;

/** A blob that need not fit into memory. */
export interface BlobStream {
  readonly digest: Digest;
  readonly size: number;
  /** Its bytes from the beginning; called again where an upload broke off. */
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** How a blob came to be in a repository. */
export type BlobOutcome = "there" | "mounted" | "uploaded";

/**
 * Give the pieces of a blob on, the last one only if all of them together are what they should be: a
 * registry that does not check could else keep something else under the digest.
 */
async function* checked({ digest, size, open }: BlobStream): AsyncGenerator<Uint8Array> {
  const hash = startSha256();
  let length = 0;
  let held: Uint8Array | undefined;
  for await (const piece of open()) {
    if (held !== undefined) yield held;
    hash.update(piece);
    length += piece.length;
    held = piece;
  }
  const found = `sha256:${hash.hex()}`;
  if (length !== size || found !== digest) {
    throw new RegistryError(`its source gave ${length} bytes that hash to ${found}`, {
      failure: "invalid-answer",
      request: `store blob ${digest}`,
      attempts: 1,
    });
  }
  if (held !== undefined) yield held;
}

async function isThere(
  remote: Remote,
  repository: Repository,
  digest: Digest,
): Promise<boolean> {
  const { status } = await remote.request({
    method: "HEAD",
    repository,
    target: `/v2/${repository.path}/blobs/${digest}`,
    expect: [200, 404],
  });
  return status === 200;
}

/** Begin an upload; the answer is 201 where the blob could be mounted instead. */
async function begin(
  remote: Remote,
  repository: Repository,
  digest: Digest,
  mountFrom: Repository | undefined,
): Promise<RegistryResponse> {
  const query = mountFrom === undefined
    ? ""
    : `?mount=${digest}&from=${encodeURIComponent(mountFrom.path)}`;
  return await remote.request({
    method: "POST",
    repository,
    target: `/v2/${repository.path}/blobs/uploads/${query}`,
    actions: "pull,push",
    ...(mountFrom === undefined ? {} : { mountFrom }),
    expect: mountFrom === undefined ? [202] : [201, 202],
  });
}

async function send(
  remote: Remote,
  repository: Repository,
  begun: RegistryResponse,
  blob: BlobStream,
): Promise<void> {
  const target = followLocation(begun.headers["location"], begun.url);
  if (target === undefined) {
    throw invalidAnswer("POST", begun, "it does not say where to upload to");
  }
  target.searchParams.set("digest", blob.digest);
  let wrong: unknown;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* checked(blob);
    } catch (error) {
      wrong = error;
      throw error;
    }
  };
  try {
    await remote.request({
      method: "PUT",
      repository,
      target,
      actions: "pull,push",
      headers: {
        "content-type": "application/octet-stream",
        "content-length": String(blob.size),
      },
      upload: watched(),
      expect: [201, 204],
    });
  } catch (error) {
    // What broke off the upload says more than that it broke off.
    throw wrong ?? error;
  }
}

/**
 * Store a blob in a repository piece by piece, unless it is there already; from another repository of
 * the registry it is mounted where that is allowed (OCI distribution spec 1.1, "Pushing blobs").
 *
 * @throws {RegistryError} also if the bytes are not those that the digest names
 */
export async function putBlobStream(
  remote: Remote,
  repository: Repository,
  blob: BlobStream,
  mountFrom?: Repository,
): Promise<BlobOutcome> {
  const known = `${formatRepository(repository)}@${blob.digest}`;
  if (remote.knownBlobs.has(known) || await isThere(remote, repository, blob.digest)) {
    remote.knownBlobs.add(known);
    return "there";
  }
  for (let round = 1;; round++) {
    const begun = await begin(remote, repository, blob.digest, round === 1 ? mountFrom : undefined);
    if (begun.status === 201) {
      remote.knownBlobs.add(known);
      return "mounted";
    }
    try {
      await send(remote, repository, begun, blob);
      remote.knownBlobs.add(known);
      return "uploaded";
    } catch (error) {
      const again = error instanceof RegistryError && round < MAX_UPLOADS &&
        ["unavailable", "throttled", "not-found"].includes(error.failure);
      if (!again) throw error;
    }
  }
}
