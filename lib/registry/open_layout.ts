import * as v from "valibot";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import { MAX_LAYOUT_MANIFESTS_BYTES, MAX_MANIFEST_BYTES } from "../base/limits.ts";
import { type Digest, digestOf } from "../reference/digest.ts";
import type { Place } from "./copy_manifest.ts";
import {
  blobName,
  cannotRead,
  findFile,
  findFolder,
  listBlobs,
  readWhole,
} from "./layout_files.ts";
import { addTagPrefix, findRoots, LAYOUT_INDEX, tagsOf } from "./layout_index.ts";
import { emptyStore, LAYOUT_REPOSITORY, openLayoutRemote } from "./layout_remote.ts";
import { type Descriptor, MEDIA_TYPES, parseChildren } from "./manifest.ts";
import { linksOf, setTag, type StoredRepository, storeManifest } from "./memory_store.ts";

/** How to open a layout folder, for reading or writing. */
export interface LayoutOptions {
  /** What the tags of signatures begin with, as elsewhere; in the folder nothing is before them. */
  readonly tagPrefix?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An image, or an index, in a layout folder, with what belongs to it. */
export interface Layout extends Place {
  readonly root: Digest;
}

const VersionSchema = v.object({ imageLayoutVersion: v.string() });

async function readIfThere(folder: string, name: string): Promise<Uint8Array | undefined> {
  const file = await findFile(folder, name);
  return file && await readWhole(file, MAX_MANIFEST_BYTES);
}

/** Data in the folder that cannot be read, told with where it is. */
function at<Result>(folder: string, name: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (error instanceof MalformedError) throw cannotRead(`${folder}/${name}`, error.message);
    throw error;
  }
}

/** What `index.json` lists; every entry must be one that can be read, or another could pass for it. */
export async function readLayoutIndex(
  folder: string,
): Promise<readonly Descriptor[] | undefined> {
  const index = await readIfThere(folder, LAYOUT_INDEX);
  return index && at(folder, LAYOUT_INDEX, () => parseChildren(index));
}

/** The entries of a folder that must be a layout of a version that we know. */
async function readEntries(folder: string): Promise<readonly Descriptor[]> {
  const marker = await readIfThere(folder, "oci-layout");
  // · Other tools leave it out, and cosign does not miss it.
  const version = marker === undefined
    ? "1.0.0"
    : at(folder, "oci-layout", () => parseJson("oci-layout", marker, VersionSchema))
      .imageLayoutVersion;
  if (!version.startsWith("1.")) {
    throw cannotRead(folder, `it is a layout of version ${version.slice(0, 20)}, not 1`);
  }
  const entries = await readLayoutIndex(folder);
  if (entries === undefined) {
    throw cannotRead(folder, `it is no image layout: it has no ${LAYOUT_INDEX}`, "not-found");
  }
  return entries;
}

/**
 * Find the referrers among the blobs: cosign does not list them in `index.json`.
 *
 * @returns a blob that is not what its name says, if there is one: it may have been a referrer
 */
async function storeReferrers(
  folder: string,
  repository: StoredRepository,
  signal: AbortSignal | undefined,
): Promise<Digest | undefined> {
  let damaged: Digest | undefined;
  let held = 0;
  for await (const digest of listBlobs(folder)) {
    signal?.throwIfAborted();
    const file = await findFile(folder, blobName(digest));
    if (file === undefined || file.size > MAX_MANIFEST_BYTES) continue;
    const bytes = await readWhole(file, MAX_MANIFEST_BYTES);
    if (digestOf(bytes) !== digest) {
      damaged = digest;
      continue;
    }
    const manifest = { digest, mediaType: MEDIA_TYPES.ociManifest, bytes };
    const links = linksOf(manifest);
    if (links?.subject === undefined) continue;
    held += bytes.length;
    if (held > MAX_LAYOUT_MANIFESTS_BYTES) {
      throw cannotRead(folder, `its referrers are over ${MAX_LAYOUT_MANIFESTS_BYTES} bytes`);
    }
    storeManifest(repository, { ...manifest, mediaType: links.mediaType ?? manifest.mediaType });
  }
  return damaged;
}

/** The one digest that a layout is about. */
function onlyOne(folder: string, roots: readonly Digest[]): Digest {
  const [root, ...more] = roots;
  if (root === undefined) throw cannotRead(folder, "no image is listed in it");
  if (more.length === 0) return root;
  throw cannotRead(folder, `it holds ${roots.length} images, and does not say which is meant`);
}

/**
 * Open an OCI image layout folder as a place to read and copy from: one that `save` wrote, cosign's
 * or ours, or another tool's with one image in it (OCI image spec 1.1, "Image Layout").
 *
 * @throws {RegistryError} if it is none, or holds several images
 */
export async function openLayout(
  path: string,
  { tagPrefix = "", signal }: LayoutOptions = {},
): Promise<Layout> {
  const folder = await findFolder(path);
  const entries = await readEntries(folder);
  const { store, repository } = emptyStore();
  const damaged = await storeReferrers(folder, repository, signal);
  const root = onlyOne(
    folder,
    findRoots(entries, (digest) => repository.manifests.has(digest)),
  );
  for (const [tag, digest] of at(folder, LAYOUT_INDEX, () => tagsOf(entries, root))) {
    setTag(repository, addTagPrefix(tag, tagPrefix), digest);
  }
  const remote = openLayoutRemote({ folder, store, damaged, signal });
  return { remote, repository: LAYOUT_REPOSITORY, root };
}
