import { MAX_SIGNATURES } from "../base/limits.ts";
import { pooled } from "../base/pool.ts";
import type { Digest } from "../reference/digest.ts";
import { formatReference } from "../reference/reference.ts";
import { type AttachmentKind, attachmentTag, referrersTag } from "../reference/triangulate.ts";
import type { Place } from "../registry/copy_manifest.ts";
import { type FetchedManifest, fetchManifest } from "../registry/fetch_manifest.ts";
import { listReferrers } from "../registry/list_referrers.ts";
import { RegistryError } from "../registry/registry_error.ts";
import { type ReferrerKind, referrerKind } from "./referrer_kind.ts";

/** All that cosign keeps under tags beside an image. */
export const ATTACHMENT_KINDS: readonly AttachmentKind[] = ["sig", "att", "sbom"];

/** What lies under a tag made of an image's digest. Nothing about it is verified. */
export interface TaggedAttachment {
  readonly kind: AttachmentKind;
  readonly tag: string;
  readonly manifest: FetchedManifest;
}

/** What refers to an image; a fallback tag lists it where the registry has no API for it. */
export interface ReferringAttachment {
  readonly kind: ReferrerKind;
  readonly tag?: undefined;
  readonly manifest: FetchedManifest;
}

/** Something that belongs to an image. */
export type Attachment = TaggedAttachment | ReferringAttachment;

/** What belongs to one digest. */
export interface Attachments {
  readonly attachments: readonly Attachment[];
  /** Listed as referrers, and the registry says that they do not exist. */
  readonly dangling: readonly Digest[];
}

/** What is looked for, and what is known beforehand. */
export interface AttachmentSearch {
  /** The kinds to look for under tags; all unless told. */
  readonly kinds?: readonly AttachmentKind[] | undefined;
  /** Whether to look for referrers; yes, unless told. */
  readonly referrers?: boolean | undefined;
  /** What the tags of signatures begin with. */
  readonly tagPrefix?: string | undefined;
  /** The repository's tags where they were listed: what is not there is not asked for. */
  readonly tags?: ReadonlySet<string> | undefined;
}

/** Referrers that are fetched at a time. */
const REFERRERS = 8;

/**
 * Find what belongs to a digest: signatures, attestations and SBOMs under cosign's tags, then whatever
 * refers to it. A list that names what does not exist hides nothing else.
 *
 * @param place where attachments are kept
 * @throws {RegistryError} also if there are more referrers than are read
 * @throws {MalformedError} if what the fallback tag names is no index
 */
export async function listAttachments(
  place: Place,
  digest: Digest,
  { kinds = ATTACHMENT_KINDS, referrers = true, tagPrefix, tags }: AttachmentSearch = {},
): Promise<Attachments> {
  const { remote, repository } = place;
  const attachments: Attachment[] = [];
  for (const kind of kinds) {
    const tag = attachmentTag(digest, kind, tagPrefix);
    if (tags?.has(tag) === false) continue;
    const manifest = await fetchManifest(remote, repository, tag);
    if (manifest !== undefined) attachments.push({ kind, tag, manifest });
  }
  if (!referrers) return { attachments, dangling: [] };
  const { descriptors, truncated } = await listReferrers(remote, repository, digest, {
    // An image signed before its registry had the API has referrers in both places.
    hasFallbackTag: tags?.has(referrersTag(digest)) ?? true,
  });
  if (truncated) {
    throw new RegistryError(`more than ${MAX_SIGNATURES} referrers`, {
      failure: "invalid-answer",
      request: `list what belongs to ${formatReference({ repository, digest })}`,
      attempts: 1,
    });
  }
  const dangling: Digest[] = [];
  // Registries list them in an order that may change from one call to the next.
  const ordered = descriptors.toSorted((a, b) => a.digest < b.digest ? -1 : 1);
  const fetched = pooled(ordered, async (listed) => ({
    listed,
    manifest: await fetchManifest(remote, repository, listed.digest),
  }), { limit: REFERRERS });
  for await (const { listed, manifest } of fetched) {
    if (manifest === undefined) dangling.push(listed.digest);
    else attachments.push({ kind: referrerKind(manifest.bytes), manifest });
  }
  return { attachments, dangling };
}
