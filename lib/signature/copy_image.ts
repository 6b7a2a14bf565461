import type { Clock } from "../base/clock.ts";
import { MAX_CHILDREN, MAX_SIGNATURES } from "../base/limits.ts";
import type { Digest } from "../reference/digest.ts";
import { formatReference } from "../reference/reference.ts";
import type { AttachmentKind } from "../reference/triangulate.ts";
import { copyManifest, fetchExisting, type Place } from "../registry/copy_manifest.ts";
import type { FetchedManifest } from "../registry/fetch_manifest.ts";
import { listReferrers } from "../registry/list_referrers.ts";
import { listTags } from "../registry/list_tags.ts";
import { parseChildren } from "../registry/manifest.ts";
import { RegistryError } from "../registry/registry_error.ts";
import { resolveDigest } from "../registry/resolve_digest.ts";
import { listAttachments } from "./list_attachments.ts";
import { mergeLayers } from "./merge_layers.ts";
import type { ReferrerKind } from "./referrer_kind.ts";

/** How to copy an image. */
export interface CopyImageOptions {
  /** Where its signatures are; beside it unless told. */
  readonly attachments?: Place | undefined;
  /** Where they are to be; beside the copy unless told. */
  readonly attachmentsTo?: Place | undefined;
  /** The tag that the copy gets; none if absent. */
  readonly tag?: string | undefined;
  /** Copy these alone, and the image not; everything with it if absent. */
  readonly only?: readonly AttachmentKind[] | undefined;
  /** Write over tags of the target that name something else. */
  readonly force?: boolean | undefined;
  /**
   * Do so too, but put signatures and attestations beside those that tags of the target hold already
   * instead of writing over them.
   */
  readonly merge?: boolean | undefined;
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
  readonly manifest: FetchedManifest;
  readonly tag?: string;
  /** What it is to be listed as a referrer of. */
  readonly subject?: Digest;
}

/** An item that the target lacks. */
interface Step extends Item {
  readonly to: Place;
  /** Its tag names something else that belongs to the same image, and that is to stay. */
  readonly beside: boolean;
}

/** The name that an item gets. */
function nameOf({ to: { repository }, manifest: { digest }, tag }: Step): string {
  return formatReference(tag === undefined ? { repository, digest } : { repository, tag });
}

const REFERRERS: Readonly<Record<ReferrerKind, readonly AttachmentKind[]>> = {
  signature: ["sig"],
  attestation: ["att"],
  bundle: ["sig", "att"],
  sbom: ["sbom"],
  other: [],
};

function isWanted(kind: ReferrerKind, only: CopyImageOptions["only"]): boolean {
  return only === undefined || only.some((wanted) => REFERRERS[kind].includes(wanted));
}

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
async function listItems(
  from: Place,
  image: readonly Digest[],
  { only, tagPrefix }: CopyImageOptions,
): Promise<readonly Item[]> {
  const search = {
    kinds: only,
    tagPrefix,
    tags: new Set(await listTags(from.remote, from.repository) ?? []),
  };
  const items: Item[] = [];
  const pending = [...image];
  const seen = new Set<Digest>(image);
  for (const digest of pending) {
    if (seen.size > MAX_CHILDREN + MAX_SIGNATURES) {
      throw new RegistryError(`more than ${MAX_SIGNATURES} referrers`, {
        failure: "invalid-answer",
        request: `copy what belongs to ${formatReference({ ...from, digest: image[0]! })}`,
        attempts: 1,
      });
    }
    // A dangling entry of a list is no reason to copy nothing.
    for (
      const { kind, tag, manifest } of (await listAttachments(from, digest, search)).attachments
    ) {
      const known = seen.has(manifest.digest);
      if (tag === undefined && (known || !isWanted(kind, only))) continue;
      items.push(tag === undefined ? { from, manifest, subject: digest } : { from, manifest, tag });
      // · `cosign sign --attachment sbom` signs the SBOM's own manifest.
      if (known || tag !== undefined && kind !== "sbom") continue;
      seen.add(manifest.digest);
      pending.push(manifest.digest);
    }
  }
  return items;
}

/** The digest that is at the target where an item belongs; a referrer counts only if it is listed. */
async function findAt(
  { remote, repository }: Place,
  { manifest: { digest }, tag, subject }: Item,
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
  const { attachments = source, attachmentsTo = target, ...rest } = options;
  const { tag, only, force = false, merge = false, clock, random, onCopy } = rest;
  const root = await fetchExisting(source, digest);
  const belonging = await listItems(attachments, await listTree(source, root), options);
  const image: Item = { from: source, manifest: root, ...(tag === undefined ? {} : { tag }) };
  // The image comes before what refers to it, and its tag after that: who sees it can verify it.
  const items = only === undefined
    ? [{ from: source, manifest: root }, ...belonging, ...(tag === undefined ? [] : [image])]
    : belonging;

  const missing: Step[] = [];
  for (const item of items) {
    const belongs = belonging.includes(item);
    const to = belongs ? attachmentsTo : target;
    const there = await findAt(to, item);
    if (there === item.manifest.digest) continue;
    const step = { ...item, to, beside: there !== undefined && merge && belongs };
    if (there !== undefined && !force && !merge) throw new TargetExistsError(nameOf(step));
    missing.push(step);
  }
  for (const step of missing) {
    const { from, to, manifest, tag, beside } = step;
    await onCopy?.(formatReference({ ...from, digest: manifest.digest }), nameOf(step));
    // An SBOM is one, and a new one takes its place.
    if (beside && tag !== undefined && !tag.endsWith(".sbom")) {
      await mergeLayers(from, to, { manifest: manifest.bytes, tag, clock, random });
    } else await copyManifest(from, to, manifest, { tag, clock, random });
  }
}
