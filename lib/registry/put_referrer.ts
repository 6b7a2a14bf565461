import type { Clock } from "../base/clock.ts";
import { decodeText, encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { referrersTag } from "../reference/triangulate.ts";
import type { FetchedManifest } from "./fetch_manifest.ts";
import { listReferrers } from "./list_referrers.ts";
import {
  type Descriptor,
  isIndexType,
  MEDIA_TYPES,
  parseContents,
  parseIndex,
} from "./manifest.ts";
import { type PutManifest, putManifest } from "./put_manifest.ts";
import type { Remote } from "./remote.ts";
import { type NextManifest, updateTag } from "./update_tag.ts";

/** A manifest with a subject, to store and to have listed. */
export interface ReferrerToPut {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly subject: Digest;
  /** Whether the fallback tag is known to be absent. */
  readonly knownNoFallbackTag?: boolean | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The fallback index with one more referrer in it, sorted as others write it. */
function addToIndex(
  current: FetchedManifest | undefined,
  subject: Digest,
  descriptor: Descriptor,
): NextManifest | undefined {
  // The specification has it that what is no index is not overwritten: the tag may keep the image.
  if (current?.digest === subject && !isIndexType(current.mediaType)) {
    throw new MalformedError(
      "list of referrers",
      `the tag ${referrersTag(subject)} names the image itself, as cosign copy leaves it; ` +
        "remove that tag, or sign in the legacy format",
    );
  }
  const stored = current === undefined ? [] : parseIndex(current.bytes).manifests;
  if (stored.some(({ digest }) => digest === descriptor.digest)) return undefined;
  // As it stands: what we cannot read in it stays.
  const document = current === undefined
    ? { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }
    : JSON.parse(decodeText(current.bytes)) as { readonly manifests: readonly Descriptor[] };
  const manifests = [...document.manifests, descriptor]
    .sort((a, b) => a.digest < b.digest ? -1 : 1);
  return {
    bytes: encodeText(JSON.stringify({ ...document, manifests })),
    mediaType: MEDIA_TYPES.ociIndex,
  };
}

/** Whether the registry's own API lists a referrer that was just stored. */
async function isListed(
  remote: Remote,
  repository: Repository,
  subject: Digest,
  { digest, listsReferrers }: PutManifest,
): Promise<boolean> {
  const api = (): boolean | undefined => remote.referrersApi.get(formatRepository(repository));
  if (api() === false) return false;
  if (api() === true && listsReferrers) return true;
  const { descriptors } = await listReferrers(remote, repository, subject, {
    hasFallbackTag: false,
  });
  // A registry that acknowledged the subject may take a while to list it.
  return descriptors.some((listed) => listed.digest === digest) ||
    api() === true && listsReferrers;
}

/**
 * Store a manifest that refers to another (OCI distribution spec 1.1, "Pushing Manifests with
 * Subject"), and list it under the fallback tag where the registry has no referrers API.
 *
 * @throws {RegistryError}
 * @throws {MalformedError} if what the fallback tag names is no index: it is left as it is
 */
export async function putReferrer(
  remote: Remote,
  repository: Repository,
  { bytes, mediaType, subject, knownNoFallbackTag, clock, random }: ReferrerToPut,
): Promise<Digest> {
  const stored = await putManifest(remote, repository, { bytes, mediaType });
  const { digest } = stored;
  if (await isListed(remote, repository, subject, stored)) return digest;
  const { artifactType, annotations } = parseContents(bytes);
  await updateTag(remote, {
    repository,
    tag: referrersTag(subject),
    knownAbsent: knownNoFallbackTag,
    clock,
    random,
    edit: (current) =>
      Promise.resolve(addToIndex(current, subject, {
        mediaType,
        size: bytes.length,
        digest,
        ...(artifactType === undefined ? {} : { artifactType }),
        ...(annotations === undefined ? {} : { annotations }),
      })),
  });
  return digest;
}
