import type { Clock } from "../base/clock.ts";
import { MAX_CHILDREN, MAX_SIGNATURES } from "../base/limits.ts";
import type { Digest } from "../reference/digest.ts";
import { formatReference } from "../reference/reference.ts";
import { type AttachmentKind, attachmentTag, referrersTag } from "../reference/triangulate.ts";
import { copyManifest, fetchExisting, type Place } from "../registry/copy_manifest.ts";
import { type FetchedManifest, fetchManifest } from "../registry/fetch_manifest.ts";
import { listReferrers } from "../registry/list_referrers.ts";
import { listTags } from "../registry/list_tags.ts";
import { parseChildren } from "../registry/manifest.ts";
import { RegistryError } from "../registry/registry_error.ts";
import { resolveDigest } from "../registry/resolve_digest.ts";
import { type ReferrerKind, referrerKind } from "./referrer_kind.ts";

/** All that cosign keeps under tags beside an image. */
export const ATTACHMENT_KINDS: readonly AttachmentKind[] = ["sig", "att", "sbom"];

/** How to copy an image. */
export interface CopyImageOptions {
  /** Where its signatures are; beside it unless told. */
  readonly attachments?: Place | undefined;
  /** Where the copies of its signatures belong; beside the copy unless told. */
  readonly attachmentsTo?: Place | undefined;
  /** The tag that the copy gets; none if absent. */
  readonly tag?: string | undefined;
  /** Copy these alone, and the image not; everything with it if absent. */
  readonly only?: readonly AttachmentKind[] | undefined;
  /** Write over tags of the target that name something else. */
  readonly force?: boolean | undefined;
  readonly tagPrefix?: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of everything that is about to be written, by its names. */
  readonly onCopy?: (from: string, to: string) => Promise<void>;
}

/** A tag of the target names something else already. */
export class TargetExistsError extends Error {
  override readonly name = "TargetExistsError";

  constructor(reference: string) {
    // In cosign's words.
    super(`image "${reference}" already exists. Use \`-f\` to overwrite`);
  }
}

/** One manifest to copy from where attachments are, or the image is. */
interface Item {
  readonly from: Place;
  readonly to: Place;
  readonly manifest: FetchedManifest;
  readonly tag?: string;
  /** What it is to be listed as a referrer of. */
  readonly subject?: Digest;
}

const REFERRERS: Readonly<Record<ReferrerKind, readonly AttachmentKind[]>> = {
  signature: ["sig"],
  attestation: ["att"],
  bundle: ["sig", "att"],
  other: [],
};

/** The digests of a manifest and of all that are in it, where it is an index. */
async function listTree(place: Place, root: FetchedManifest): Promise<readonly Digest[]> {
  const found = new Set<Digest>([root.digest]);
  const pending = [root];
  for (const { bytes } of pending) {
    for (const { digest } of parseChildren(bytes)) {
      if (found.has(digest)) continue;
      found.add(digest);
      if (found.size > MAX_CHILDREN) {
        throw new RegistryError(`more than ${MAX_CHILDREN} manifests in an index`, {
          failure: "invalid-answer",
          request: `copy ${formatReference({ ...place, digest: root.digest })}`,
          attempts: 1,
        });
      }
      // Grows while it is walked.
      pending.push(await fetchExisting(place, digest));
    }
  }
  return [...found];
}

/** Find what belongs to digests, and to what belongs to them: a signature of an SBOM, say. */
async function listAttachments(
  from: Place,
  to: Place,
  image: readonly Digest[],
  { only, tagPrefix = "" }: CopyImageOptions,
): Promise<readonly Item[]> {
  const { remote, repository } = from;
  const tags = new Set(await listTags(remote, repository) ?? []);
  const items: Item[] = [];
  const pending = [...image];
  const seen = new Set<Digest>(image);
  for (const digest of pending) {
    for (const kind of only ?? ATTACHMENT_KINDS) {
      const tag = attachmentTag(digest, kind, tagPrefix);
      const manifest = tags.has(tag) ? await fetchManifest(remote, repository, tag) : undefined;
      if (manifest !== undefined) items.push({ from, to, manifest, tag });
    }
    const { descriptors, truncated } = await listReferrers(remote, repository, digest, {
      hasFallbackTag: tags.has(referrersTag(digest)),
    });
    if (truncated || seen.size > MAX_CHILDREN + MAX_SIGNATURES) {
      throw new RegistryError(`more than ${MAX_SIGNATURES} referrers`, {
        failure: "invalid-answer",
        request: `copy what belongs to ${formatReference({ repository, digest })}`,
        attempts: 1,
      });
    }
    for (const listed of descriptors.filter((found) => !seen.has(found.digest))) {
      seen.add(listed.digest);
      // A dangling entry of a list is no reason to copy nothing.
      const manifest = await fetchManifest(remote, repository, listed.digest);
      if (manifest === undefined) continue;
      const kinds = REFERRERS[referrerKind(manifest.bytes)];
      if (only !== undefined && !only.some((kind) => kinds.includes(kind))) continue;
      items.push({ from, to, manifest, subject: digest });
      pending.push(listed.digest);
    }
  }
  return items;
}

/** The digest that is at the target where an item belongs; a referrer counts only if it is listed. */
async function findAt(
  { to: { remote, repository }, manifest: { digest }, tag, subject }: Item,
): Promise<Digest | undefined> {
  const there = await resolveDigest(remote, repository, tag ?? digest);
  if (there === undefined || subject === undefined) return there?.digest;
  const { descriptors } = await listReferrers(remote, repository, subject);
  return descriptors.find((listed) => listed.digest === digest)?.digest;
}

/**
 * Copy an image, or an index with its images, together with signatures, attestations, SBOMs and
 * everything that refers to it, in both formats; the tag is written last. What is at the target
 * already is left as it is.
 *
 * @throws {TargetExistsError} before anything is written
 * @throws {RegistryError}
 * @throws {MalformedError} if something is no manifest
 */
export async function copyImage(
  source: Place,
  target: Place,
  digest: Digest,
  options: CopyImageOptions,
): Promise<void> {
  const { attachments = source, attachmentsTo = target } = options;
  const { tag, only, force = false, clock, random, onCopy } = options;
  const root = await fetchExisting(source, digest);
  const belonging = await listAttachments(
    attachments,
    attachmentsTo,
    await listTree(source, root),
    options,
  );
  const bare: Item = { from: source, to: target, manifest: root };
  const image: Item = tag === undefined ? bare : { ...bare, tag };
  // The image comes before what refers to it, and its tag after that: who sees it can verify it.
  const items = only === undefined
    ? [bare, ...belonging, ...(tag === undefined ? [] : [image])]
    : belonging;

  const nameOf = ({ to: { repository }, manifest, tag }: Item): string => {
    return formatReference(
      tag === undefined ? { repository, digest: manifest.digest } : { repository, tag },
    );
  };
  const missing: Item[] = [];
  for (const item of items) {
    const there = await findAt(item);
    if (there === item.manifest.digest) continue;
    if (there !== undefined && !force) throw new TargetExistsError(nameOf(item));
    missing.push(item);
  }
  for (const item of missing) {
    const { from, to, manifest } = item;
    await onCopy?.(
      formatReference({ repository: from.repository, digest: manifest.digest }),
      nameOf(item),
    );
    await copyManifest(from, to, manifest, { tag: item.tag, clock, random });
  }
}
