import type { Clock } from "../base/clock.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { deleteTag } from "./delete_tag.ts";
import { type FetchedManifest, fetchManifest } from "./fetch_manifest.ts";
import { putManifest } from "./put_manifest.ts";
import { RegistryError } from "./registry_error.ts";
import type { Remote } from "./remote.ts";
import { resolveDigest } from "./resolve_digest.ts";

/** Rounds before we give up against other writers of the same tag. */
const MAX_ROUNDS = 20;

/** Bounds of the wait before a write is read back, in milliseconds. */
const MIN_SETTLE = 400;
const MAX_SETTLE = 5000;

/** A manifest to put under a tag. */
export interface NextManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/**
 * Make the next manifest from the current one, having stored what it points to; "absent" where the tag
 * is to go, `undefined` where the current one already is what is wanted. Called again whenever another
 * writer came between.
 */
export type TagEdit = (
  current: FetchedManifest | undefined,
) => Promise<NextManifest | "absent" | undefined>;

/** How to change what a tag names. */
export interface TagUpdate {
  readonly repository: Repository;
  readonly tag: string;
  /** The tag is known to have been absent a moment ago, so that it need not be read first. */
  readonly knownAbsent?: boolean | undefined;
  readonly edit: TagEdit;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Whether the tag still names what was read, or still nothing. */
async function isUnchanged(
  remote: Remote,
  { repository, tag }: TagUpdate,
  current: FetchedManifest | undefined,
): Promise<boolean> {
  return (await resolveDigest(remote, repository, tag))?.digest === current?.digest;
}

/**
 * Let the tag name what is to come after `current`. What failed may have been done all the same, and
 * others may have written since, so that it is repeated only while the tag is as it was.
 *
 * @returns false where it is not
 */
async function write(
  remote: Remote,
  update: TagUpdate,
  current: FetchedManifest | undefined,
  next: NextManifest | "absent",
): Promise<boolean> {
  const { repository, tag } = update;
  let unchanged = await isUnchanged(remote, update, current);
  if (!unchanged) return false;
  const repeatIf = async (): Promise<boolean> =>
    unchanged = await isUnchanged(remote, update, current);
  try {
    if (next !== "absent") await putManifest(remote, repository, { ...next, tag, repeatIf });
    else if (current !== undefined) await deleteTag(remote, repository, tag, current, repeatIf);
  } catch (error) {
    if (unchanged) throw error;
  }
  return true;
}

/**
 * Change what a tag names, or delete it, without losing what others write to it at the same time.
 *
 * Registries have no conditional writes, so: everything is prepared, the tag is asked for once more
 * just before the write, and the write is read back after several times as long as all this took:
 * another writer that had read the tag before our write has then written as well, as a rule, and what
 * it overwrote is put there again. What somebody else writes between the last question and our write,
 * one round trip, is lost to them as it would be with any other tool.
 *
 * @returns whether anything was written
 * @throws {RegistryError} also when other writers keep overwriting
 */
export async function updateTag(
  remote: Remote,
  update: TagUpdate,
): Promise<boolean> {
  const { repository, tag, knownAbsent, edit, clock, random } = update;
  let written = false;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const begun = clock.now();
    const current = round === 0 && knownAbsent === true
      ? undefined
      : await fetchManifest(remote, repository, tag);
    const next = await edit(current);
    if (next === undefined) return written;
    if (await write(remote, update, current, next)) written = true;
    // Writers that met once must not meet again: each waits another while.
    const settle = Math.min(Math.max(4 * (clock.now() - begun), MIN_SETTLE), MAX_SETTLE);
    await clock.sleep(settle / 2 + settle / 2 * random());
  }
  throw new RegistryError("other writers keep changing it", {
    failure: "unavailable",
    request: `write ${formatRepository(repository)}:${tag}`,
    attempts: MAX_ROUNDS,
  });
}
