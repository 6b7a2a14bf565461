/** What the embedded registry holds: maps by name, by digest and by tag. */

import * as v from "valibot";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import { type Digest, isDigest } from "../reference/digest.ts";
import { parseReference, ReferenceSyntaxError } from "../reference/reference.ts";

/** A manifest as it was pushed. */
export interface StoredManifest {
  /** The name it is stored under; its hash, unless it was put there raw. */
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** An entry of the referrers list (OCI distribution spec 1.1, "Listing Referrers"). */
export interface Referrer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One repository. */
export interface StoredRepository {
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, Digest>;
  /** By the subject's digest, then by the referrer's own. */
  readonly referrers: Map<string, Map<Digest, Referrer>>;
  /** The tags in order: sorting them for every page of a large repository is quadratic. */
  sortedTags?: readonly string[] | undefined;
}

/** All repositories by name. */
export type Store = Map<string, StoredRepository>;

const DescriptorSchema = v.object({
  digest: v.string(),
  mediaType: v.exactOptional(v.string()),
  urls: v.exactOptional(v.nullable(v.array(v.string()))),
});

const ManifestSchema = v.object({
  mediaType: v.exactOptional(v.string()),
  artifactType: v.exactOptional(v.string()),
  config: v.exactOptional(DescriptorSchema),
  layers: v.exactOptional(v.array(DescriptorSchema)),
  manifests: v.exactOptional(v.array(DescriptorSchema)),
  subject: v.exactOptional(v.nullable(DescriptorSchema)),
  annotations: v.exactOptional(v.nullable(v.record(v.string(), v.string()))),
});

/** What the registry needs to know of a manifest. */
export interface ManifestLinks {
  readonly mediaType: string | undefined;
  /** Config and layers, without those that are kept elsewhere. */
  readonly blobs: readonly string[];
  /** An index's manifests. */
  readonly children: readonly string[];
  readonly subject: string | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/**
 * Read what a manifest points at.
 *
 * @throws {MalformedError}
 */
export function readLinks(bytes: Uint8Array): ManifestLinks {
  const manifest = parseJson("manifest", bytes, ManifestSchema);
  const blobs = [manifest.config, ...manifest.layers ?? []]
    .flatMap((blob) => blob === undefined || (blob.urls ?? []).length > 0 ? [] : [blob.digest]);
  return {
    mediaType: manifest.mediaType,
    blobs,
    children: (manifest.manifests ?? []).map((child) => child.digest),
    subject: manifest.subject?.digest,
    // The config's type stands in for a missing artifactType (spec 1.1, "Listing Referrers").
    artifactType: manifest.artifactType ?? manifest.config?.mediaType,
    annotations: manifest.annotations ?? undefined,
  };
}

/** Whether the spec's grammar has the tag. */
export function isTag(text: string): boolean {
  try {
    return parseReference(`localhost/any:${text}`).tag === text;
  } catch (error) {
    if (error instanceof ReferenceSyntaxError) return false;
    throw error;
  }
}

/** The repository of that name, made if it is not there yet. */
export function openRepository(store: Store, name: string): StoredRepository {
  const known = store.get(name);
  if (known !== undefined) return known;
  const made: StoredRepository = {
    blobs: new Map(),
    manifests: new Map(),
    tags: new Map(),
    referrers: new Map(),
  };
  store.set(name, made);
  return made;
}

/** Let a tag name a digest. */
export function setTag(repository: StoredRepository, tag: string, digest: Digest): void {
  if (!repository.tags.has(tag)) repository.sortedTags = undefined;
  repository.tags.set(tag, digest);
}

/** Forget a tag; whether it was there. */
export function deleteTag(repository: StoredRepository, tag: string): boolean {
  repository.sortedTags = undefined;
  return repository.tags.delete(tag);
}

/** The tags in the order of their bytes. */
export function sortedTags(repository: StoredRepository): readonly string[] {
  return repository.sortedTags ??= [...repository.tags.keys()].sort();
}

/** The manifest that a tag or digest names. */
export function findManifest(
  repository: StoredRepository | undefined,
  reference: string,
): StoredManifest | undefined {
  if (repository === undefined) return undefined;
  const digest = isDigest(reference) ? reference : repository.tags.get(reference);
  return digest === undefined ? undefined : repository.manifests.get(digest);
}

/** Keep a manifest, and list it as a referrer if it has a subject. Nothing about it is checked. */
export function storeManifest(repository: StoredRepository, manifest: StoredManifest): void {
  repository.manifests.set(manifest.digest, manifest);
  const links = linksOf(manifest);
  if (links?.subject === undefined) return;
  const listed = repository.referrers.get(links.subject) ?? new Map<Digest, Referrer>();
  repository.referrers.set(links.subject, listed);
  listed.set(manifest.digest, {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.bytes.length,
    ...(links.artifactType === undefined ? {} : { artifactType: links.artifactType }),
    ...(links.annotations === undefined ? {} : { annotations: links.annotations }),
  });
}

/** Forget a manifest, the tags that name it, and its place in the referrers list. */
export function deleteManifest(repository: StoredRepository, manifest: StoredManifest): void {
  repository.manifests.delete(manifest.digest);
  for (const [tag, digest] of repository.tags) {
    if (digest === manifest.digest) deleteTag(repository, tag);
  }
  const subject = linksOf(manifest)?.subject;
  if (subject !== undefined) repository.referrers.get(subject)?.delete(manifest.digest);
}

/** The links of a stored manifest; none if it was put there raw and is not one. */
export function linksOf(manifest: StoredManifest): ManifestLinks | undefined {
  try {
    return readLinks(manifest.bytes);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}
