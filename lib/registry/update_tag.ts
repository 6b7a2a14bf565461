import type { Clock } from "../base/clock.ts";
import type { Repository } from "../reference/reference.ts";
import { type FetchedManifest, fetchManifest } from "./fetch_manifest.ts";
import { putManifest } from "./put_manifest.ts";
import { RegistryError } from "./registry_error.ts";
import type { Remote } from "./remote.ts";
import { resolveDigest } from "./resolve_digest.ts";

/** Writes before we give up against other writers of the same tag. */
const MAX_ROUNDS = 20;

/** The longest wait between two rounds when others write too, in milliseconds. */
const MAX_WAIT = 500;

/** A manifest to put under a tag. */
export interface NextManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** How to change what a tag names. */
export interface TagUpdate {
  readonly repository: Repository;
  readonly tag: string;
  /** The tag is known to have been absent a moment ago, so that it need not be read first. */
  readonly knownAbsent?: boolean | undefined;
  /**
   * Make the next manifest from the current one, having stored what it points to; `undefined` where
   * the current one already holds what is wanted. Called again whenever another writer came between.
   */
  readonly edit: (current: FetchedManifest | undefined) => Promise<NextManifest | undefined>;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Change what a tag names without losing what others write to it at the same time.
 *
 * Registries have no conditional writes, so: everything is prepared, the tag is asked for once more
 * just before the write, the write is read back, and where another writer was seen the read-back is
 * repeated after a while. Our own change is so never lost; a change of somebody else's could be, only
 * if it is written between the last question and our write, which is one round trip.
 *
 * @returns whether anything was written
 * @throws {RegistryError} also when other writers keep overwriting
 */
export async function updateTag(
  remote: Remote,
  { repository, tag, knownAbsent, edit, clock, random }: TagUpdate,
): Promise<boolean> {
  let written = false;
  let contended = false;
  let skipRead = knownAbsent === true;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const current = skipRead ? undefined : await fetchManifest(remote, repository, tag);
    skipRead = false;
    const next = await edit(current);
    if (next === undefined) {
      if (!contended || !written) return written;
      // Another writer that read the tag before our write may still overwrite it.
      contended = false;
      await clock.sleep(MAX_WAIT / 2 + MAX_WAIT / 2 * random());
      continue;
    }
    if (written) contended = true;
    const latest = await resolveDigest(remote, repository, tag);
    if (latest?.digest !== current?.digest) {
      contended = true;
      await clock.sleep(MAX_WAIT * random());
      continue;
    }
    await putManifest(remote, repository, { ...next, tag });
    written = true;
  }
  throw new RegistryError("other writers keep changing it", {
    failure: "unavailable",
    request: `write ${repository.registry}/${repository.path}:${tag}`,
    attempts: MAX_ROUNDS,
  });
}
