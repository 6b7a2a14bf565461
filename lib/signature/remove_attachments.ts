import type { Clock } from "../base/clock.ts";
import { MalformedError } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import { formatReference, type Repository } from "../reference/reference.ts";
import type { Place } from "../registry/copy_manifest.ts";
import { deleteManifest } from "../registry/delete_manifest.ts";
import { RegistryError } from "../registry/registry_error.ts";
import { unlistReferrers } from "../registry/unlist_referrers.ts";
import type { RemovalPlan, SubjectRemovals, TagRemoval } from "./removal.ts";
import { removeLayers } from "./remove_layers.ts";

/** What is needed to write. */
interface Effects {
  readonly clock: Clock;
  readonly random: () => number;
}

/** What became of one thing that was to go. */
export interface RemovalOutcome {
  /** `registry/path:tag`, `registry/path@digest`, or a layer or an entry of one. */
  readonly name: string;
  /** Why it is still there; absent if it is gone. */
  readonly error?: RegistryError | MalformedError;
}

function namesOfTag(
  repository: Repository,
  { tag, whole, layers }: TagRemoval,
): readonly string[] {
  const name = formatReference({ repository, tag });
  return whole ? [name] : layers.map(({ digest }) => `layer ${digest} of ${name}`);
}

function nameOfEntry(repository: Repository, digest: Digest): string {
  return `${formatReference({ repository, digest })} (listed only)`;
}

/** Name what is to go, in the order in which it goes. */
export function nameRemovals(repository: Repository, { removals }: RemovalPlan): readonly string[] {
  return removals.flatMap(({ tags, referrers, dangling }) => [
    ...tags.flatMap((tag) => namesOfTag(repository, tag)),
    ...dangling.map((digest) => nameOfEntry(repository, digest)),
    ...referrers.map((digest) => formatReference({ repository, digest })),
  ]);
}

/** Do something, and give what stood in its way. */
async function attempt(work: () => Promise<unknown>): Promise<Pick<RemovalOutcome, "error">> {
  try {
    await work();
    return {};
  } catch (error) {
    if (error instanceof RegistryError || error instanceof MalformedError) return { error };
    throw error;
  }
}

async function* removeReferrers(
  { remote, repository }: Place,
  { subject, referrers, dangling }: SubjectRemovals,
  effects: Effects,
): AsyncGenerator<RemovalOutcome, void, undefined> {
  const listed = new Set([...dangling, ...referrers]);
  if (listed.size === 0) return;
  let changed = false;
  const { error } = await attempt(async () => {
    changed = await unlistReferrers(remote, repository, { subject, referrers: listed, ...effects });
  });
  // What is not there and the registry's own API lists cannot be helped.
  const entries = changed || error !== undefined ? dangling : [];
  for (const digest of entries) {
    yield { name: nameOfEntry(repository, digest), ...error === undefined ? {} : { error } };
  }
  for (const digest of referrers) {
    const name = formatReference({ repository, digest });
    // What a list still names must not be deleted.
    yield error === undefined
      ? { name, ...await attempt(() => deleteManifest(remote, repository, digest)) }
      : { name, error };
  }
}

/**
 * Remove what was planned, one after another. What cannot be removed is told of, and stops nothing
 * else; after whatever is removed, what is left can be verified and signed again.
 *
 * @param place where attachments are kept
 */
export async function* removeAttachments(
  place: Place,
  { removals }: RemovalPlan,
  effects: Effects,
): AsyncGenerator<RemovalOutcome, void, undefined> {
  for (const subject of removals) {
    for (const tag of subject.tags) {
      const done = await attempt(() => removeLayers(place, tag, effects));
      for (const name of namesOfTag(place.repository, tag)) yield { name, ...done };
    }
    yield* removeReferrers(place, subject, effects);
  }
}
