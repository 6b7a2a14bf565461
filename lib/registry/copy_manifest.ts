import type { Clock } from "../base/clock.ts";
import { MAX_CHILDREN } from "../base/limits.ts";
import { pooled } from "../base/pool.ts";
import type { Digest } from "../reference/digest.ts";
import { formatReference, type Repository } from "../reference/reference.ts";
import { type FetchedManifest, fetchManifest } from "./fetch_manifest.ts";
import { type Contents, type Descriptor, MEDIA_TYPES, parseContents } from "./manifest.ts";
import { openBlob } from "./open_blob.ts";
import { putBlobStream } from "./put_blob_stream.ts";
import { putManifest } from "./put_manifest.ts";
import { putReferrer } from "./put_referrer.ts";
import { RegistryError } from "./registry_error.ts";
import type { Remote } from "./remote.ts";
import { resolveDigest } from "./resolve_digest.ts";

/** One end of a copy. */
export interface Place {
  readonly remote: Remote;
  readonly repository: Repository;
}

/** How to copy. */
export interface CopyOptions {
  /** The tag to store it under; its digest alone when absent. */
  readonly tag?: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Blobs of one manifest under way at a time. */
const BLOBS = 4;

/** Something that cannot be copied as it is. */
function refuse(repository: Repository, digest: Digest, why: string): RegistryError {
  return new RegistryError(why, {
    failure: "invalid-answer",
    request: `copy ${formatReference({ repository, digest })}`,
    attempts: 1,
  });
}

/** Fetch a manifest that must be there. */
export async function fetchExisting(
  { remote, repository }: Place,
  digest: Digest,
): Promise<FetchedManifest> {
  const manifest = await fetchManifest(remote, repository, digest);
  if (manifest !== undefined) return manifest;
  throw refuse(repository, digest, "the registry says that it does not exist");
}

async function copyBlobs(
  source: Place,
  { remote, repository }: Place,
  blobs: readonly Descriptor[],
): Promise<void> {
  const neighbour = source.remote === remote &&
    source.repository.registry === repository.registry &&
    source.repository.path !== repository.path;
  const copied = pooled(blobs, (descriptor) =>
    putBlobStream(
      remote,
      repository,
      { ...descriptor, open: () => openBlob(source.remote, source.repository, descriptor) },
      neighbour ? source.repository : undefined,
    ), { limit: BLOBS });
  // Its outcomes say nothing here; its errors come through.
  for await (const _outcome of copied);
}

/** Store what a manifest points at, the manifests of an index with all that they point at. */
async function copyContents(
  source: Place,
  target: Place,
  { blobs, children }: Contents,
  options: CopyOptions,
  seen: Set<Digest>,
): Promise<void> {
  await copyBlobs(source, target, blobs);
  for (const { digest } of children) {
    if (seen.has(digest)) continue;
    seen.add(digest);
    if (seen.size > MAX_CHILDREN) {
      throw refuse(source.repository, digest, `more than ${MAX_CHILDREN} manifests in an index`);
    }
    if (await resolveDigest(target.remote, target.repository, digest) !== undefined) continue;
    const child = await fetchExisting(source, digest);
    await copyOne(source, target, child, { ...options, tag: undefined }, seen);
  }
}

async function copyOne(
  source: Place,
  target: Place,
  manifest: FetchedManifest,
  { tag, clock, random }: CopyOptions,
  seen: Set<Digest>,
): Promise<void> {
  const { bytes, digest, mediaType } = manifest;
  if (mediaType.startsWith(MEDIA_TYPES.dockerSchema1)) {
    throw refuse(source.repository, digest, "its format is Docker's of before 2016 (schema 1)");
  }
  const contents = parseContents(bytes);
  await copyContents(source, target, contents, { clock, random }, seen);
  const { remote, repository } = target;
  const { subject } = contents;
  if (subject !== undefined) {
    await putReferrer(remote, repository, { bytes, mediaType, subject, clock, random });
    if (tag === undefined) return;
  }
  await putManifest(remote, repository, {
    bytes,
    mediaType,
    ...(tag === undefined ? {} : { tag }),
  });
}

/**
 * Copy a manifest, byte for byte, with everything that it points at: an index with its images. What
 * the target has is not sent again, and what lies in the same registry is mounted where that is
 * allowed. A manifest with a subject is listed as its referrer.
 *
 * @throws {RegistryError}
 * @throws {MalformedError} if it is no manifest
 */
export async function copyManifest(
  source: Place,
  target: Place,
  manifest: FetchedManifest,
  options: CopyOptions,
): Promise<void> {
  await copyOne(source, target, manifest, options, new Set([manifest.digest]));
}
