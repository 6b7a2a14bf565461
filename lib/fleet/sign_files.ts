import type { Files } from "../base/files.ts";
import { pooled } from "../base/pool.ts";
import { filesAtOnce } from "./files_at_once.ts";
import type { FileItem } from "./list_files.ts";
import { pathBelow } from "./locate_file.ts";
import { signFile, type SignFileOptions } from "./sign_file.ts";
import type { SignedTag } from "./sign_tags.ts";
import { finishLock, type LockDraft } from "./write_lock.ts";

/** How to sign files. */
export interface SignFilesOptions extends SignFileOptions {
  /** Where what was signed is noted, and which is written if all could be. */
  readonly lock?: LockDraft | undefined;
  /** Files at a time. */
  readonly limit: number;
  /** Told of every file that was found, before it is signed. */
  readonly onFound?: () => void;
}

/**
 * Sign files with a bundle beside each, as a stream of results in the order of the files. One that
 * cannot be signed does not stop the others, but there is no lock file then: it would be short of it.
 */
export async function* signFiles(
  files: Files,
  items: AsyncIterable<FileItem> | Iterable<FileItem>,
  { lock, limit, onFound, ...options }: SignFilesOptions,
): AsyncGenerator<SignedTag, void, undefined> {
  const work = async (item: FileItem): Promise<SignedTag> => {
    const image = item.name;
    if (item.kind === "trouble") return { kind: "failed", image, message: item.error.message };
    const path = lock === undefined ? undefined : pathBelow(lock.folder, item.path);
    if (lock !== undefined && path === undefined) {
      const message = "it is not below the folder of the lock file";
      return { kind: "failed", image, message };
    }
    const signed = await signFile(files, item, options);
    if (signed.kind !== "done") return { ...signed, image };
    const { digest, outcome } = signed;
    if (path !== undefined) lock?.entries.push({ path, digest });
    return { kind: "done", image, digest, outcomes: { bundle: outcome } };
  };
  const found = async function* (): AsyncGenerator<FileItem> {
    for await (const item of items) {
      // It will be written anew.
      if (item.kind === "file" && item.path === lock?.path) continue;
      onFound?.();
      yield item;
    }
  };
  let failed = 0;
  const results = pooled(found(), work, { limit: filesAtOnce([options.key.algorithm], limit) });
  for await (const result of results) {
    if (result.kind === "failed") failed++;
    yield result;
  }
  if (lock === undefined || options.dryRun === true) return;
  if (failed > 0) {
    const message = "it is not written, since some files could not be signed";
    yield { kind: "failed", image: lock.name, message };
    return;
  }
  const last = await finishLock(files, lock, options.key);
  if (last !== undefined) yield last;
}
