import { MAX_SIGNATURES } from "../base/limits.ts";
import type { Digest } from "../reference/digest.ts";
import { formatReference } from "../reference/reference.ts";
import type { AttachmentKind } from "../reference/triangulate.ts";
import type { Place } from "../registry/copy_manifest.ts";
import { RegistryError } from "../registry/registry_error.ts";
import { chooseLayers } from "./choose_layers.ts";
import { judgeReferrer } from "./judge_referrer.ts";
import { ATTACHMENT_KINDS, listAttachments, type TaggedAttachment } from "./list_attachments.ts";
import type {
  Kept,
  RemovalChoice,
  RemovalPlan,
  RemovalType,
  SubjectRemovals,
  TagRemoval,
} from "./removal.ts";

/** What the functions below work on. */
interface Planning {
  readonly place: Place;
  readonly choice: RemovalChoice;
  readonly removals: SubjectRemovals[];
  readonly kept: Kept[];
  readonly seen: Set<Digest>;
}

/** The types that take what lies under a tag. */
const TAG_TYPES: Readonly<Record<AttachmentKind, readonly RemovalType[]>> = {
  sig: ["all", "signature"],
  att: ["all", "attestation"],
  sbom: ["all", "sbom"],
};

async function planTag(
  { place, choice, kept }: Planning,
  { kind, tag, manifest }: TaggedAttachment,
): Promise<readonly TagRemoval[]> {
  const { whole, layers, kept: reasons } = await chooseLayers(place, kind, manifest, choice);
  const reference = formatReference({ repository: place.repository, tag });
  kept.push(...[...new Set(reasons)].map((why) => ({ reference, why })));
  return whole || layers.length > 0 ? [{ tag, manifest: manifest.digest, whole, layers }] : [];
}

async function planSubject(planning: Planning, subject: Digest): Promise<void> {
  const { place, choice, removals, kept, seen } = planning;
  const { repository } = place;
  seen.add(subject);
  if (seen.size > MAX_SIGNATURES) {
    throw new RegistryError(`more than ${MAX_SIGNATURES} referrers refer to each other`, {
      failure: "invalid-answer",
      request: `list what belongs to ${formatReference({ repository, digest: subject })}`,
      attempts: 1,
    });
  }
  const { attachments, dangling } = await listAttachments(place, subject, {
    kinds: ATTACHMENT_KINDS.filter((kind) => TAG_TYPES[kind].includes(choice.type)),
    tagPrefix: choice.tagPrefix,
  });
  const tags: TagRemoval[] = [];
  const referrers: Digest[] = [];
  for (const attachment of attachments) {
    if (attachment.tag !== undefined) {
      tags.push(...await planTag(planning, attachment));
      continue;
    }
    const { kind, manifest: { digest } } = attachment;
    const decision = await judgeReferrer(place, subject, attachment, choice);
    if (typeof decision === "object") {
      kept.push({ reference: formatReference({ repository, digest }), why: decision.kept });
    }
    if (decision !== "goes") continue;
    referrers.push(digest);
    // Nobody signs signatures; what belongs to anything else would be left behind.
    if (kind === "signature" || seen.has(digest)) continue;
    await planSubject({ ...planning, choice: { ...choice, type: "all" } }, digest);
  }
  // An entry that names nothing is nobody's and has no age; but no list with it in can be written.
  const filtered = choice.key !== undefined || choice.before !== undefined;
  const entries = filtered && referrers.length === 0 ? [] : dangling;
  if (tags.length + referrers.length + entries.length === 0) return;
  removals.push({ subject, tags, referrers, dangling: entries });
}

/**
 * Find what of an image's signatures, attestations and SBOMs is to be removed. Nothing is written. What
 * is not cosign's or ours is left alone, and so is what only a list says to belong here.
 *
 * @param place where attachments are kept
 * @throws {RegistryError}
 * @throws {MalformedError} if what the fallback tag names is no index
 */
export async function planRemovals(
  place: Place,
  digest: Digest,
  choice: RemovalChoice,
): Promise<RemovalPlan> {
  const planning: Planning = { place, choice, removals: [], kept: [], seen: new Set() };
  await planSubject(planning, digest);
  return { removals: planning.removals, kept: planning.kept };
}
