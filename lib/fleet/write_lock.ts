import { UsageError } from "../base/errors.ts";
import { FileError, type Files } from "../base/files.ts";
import type { PrivateKey } from "../keys/private_key.ts";
import { folderOf, locateFile } from "./locate_file.ts";
import { formatLock, type LockEntry } from "./lock_file.ts";
import { readBundleBeside } from "./read_bundle_beside.ts";
import { signFile, type SignFileOptions } from "./sign_file.ts";
import type { SignedTag } from "./sign_tags.ts";

/** A lock file in the making. */
export interface LockDraft {
  /** As it was named. */
  readonly name: string;
  /** Its one name. */
  readonly path: string;
  /** The folder that all its files must be below: absolute and without links. */
  readonly folder: string;
  /** Whether to sign it, as its files are signed. */
  readonly signed: boolean;
  readonly entries: LockEntry[];
}

/** How to begin a lock file. */
export interface LockOptions extends Pick<SignFileOptions, "key" | "force"> {
  readonly signed: boolean;
}

/**
 * Begin a lock file. A bundle beside one that is there is not left behind for another, and somebody
 * else's is not replaced unless `force` says so.
 *
 * @throws {UsageError}
 * @throws {FileError} if its folder is not there, or the bundle cannot be read
 */
export async function startLock(
  files: Files,
  name: string,
  { key, force = false, signed }: LockOptions,
): Promise<LockDraft> {
  const path = await locateFile(files, name);
  if (await readBundleBeside(files, { path }) !== undefined) {
    if (!signed) {
      throw new UsageError(
        `Cannot write lock file ${name}: there is a bundle beside it, which the new one would not ` +
          "have; sign it too",
      );
    }
    const old = force ? undefined : await signFile(files, { path }, { key, dryRun: true });
    if (old?.kind === "gone" || old?.kind === "failed") {
      const why = old.kind === "gone" ? "there is a bundle without a file" : old.message;
      throw new UsageError(`Cannot sign lock file ${name}: ${why}`);
    }
  }
  return { name, path, folder: folderOf(path), signed, entries: [] };
}

/**
 * Write a lock file, and sign it if asked for; one that is there is replaced.
 *
 * @returns what became of it, where it is signed or could not be written
 */
export async function finishLock(
  files: Files,
  { name: image, path, signed, entries }: LockDraft,
  key: PrivateKey,
): Promise<SignedTag | undefined> {
  try {
    await files.write(path, formatLock(entries));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { kind: "failed", image, message: `it cannot be written: ${error.message}` };
  }
  if (!signed) return undefined;
  const result = await signFile(files, { path }, { key, force: true });
  if (result.kind !== "done") return { ...result, image };
  const { digest, outcome } = result;
  return { kind: "done", image, digest, outcomes: { bundle: outcome } };
}
