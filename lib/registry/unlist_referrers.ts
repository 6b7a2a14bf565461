import type { Clock } from "../base/clock.ts";
import { decodeText, encodeText } from "../base/bytes.ts";
import type { Digest } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import { referrersTag } from "../reference/triangulate.ts";
import { assertDeletes } from "./delete_manifest.ts";
import { type Descriptor, MEDIA_TYPES, parseIndex } from "./manifest.ts";
import type { Remote } from "./remote.ts";
import { type TagEdit, updateTag } from "./update_tag.ts";

/** What is to be listed no more. */
export interface ReferrersToUnlist {
  readonly subject: Digest;
  readonly referrers: ReadonlySet<Digest>;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Take referrers out of the index under a subject's fallback tag (OCI distribution spec 1.1, "Referrers
 * Tag Schema"). Other entries stay as they are; where none is left, the tag is deleted. What the
 * registry's own API lists it forgets by itself, once the referrer is deleted.
 *
 * To be done before they are deleted: registries refuse an index that names what is not there, so that
 * nobody could list another referrer. Where the registry does not delete, nothing is changed.
 *
 * @returns whether any was listed there
 * @throws {RegistryError}
 * @throws {MalformedError} if what the fallback tag names is no index: it is left as it is
 */
export async function unlistReferrers(
  remote: Remote,
  repository: Repository,
  { subject, referrers, clock, random }: ReferrersToUnlist,
): Promise<boolean> {
  const edit: TagEdit = async (current) => {
    if (current === undefined) return undefined;
    const listed = parseIndex(current.bytes).manifests;
    if (!listed.some(({ digest }) => referrers.has(digest))) return undefined;
    await assertDeletes(remote, repository);
    // As it stands: what we cannot read in it stays.
    const document = JSON.parse(decodeText(current.bytes)) as {
      readonly manifests: readonly (Descriptor | null)[];
    };
    const manifests = document.manifests
      .filter((entry) => entry === null || !referrers.has(entry.digest));
    if (manifests.length === 0) return "absent";
    return {
      bytes: encodeText(JSON.stringify({ ...document, manifests })),
      mediaType: MEDIA_TYPES.ociIndex,
    };
  };
  const tag = referrersTag(subject);
  return await updateTag(remote, { repository, tag, edit, clock, random });
}
