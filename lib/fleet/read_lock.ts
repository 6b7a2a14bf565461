import { MalformedError } from "../base/errors.ts";
import { FileError, type Files } from "../base/files.ts";
import { MAX_ATTACHMENT_BYTES } from "../base/limits.ts";
import type { Digest } from "../reference/digest.ts";
import { readBlobContent } from "../signature/blob_content.ts";
import type { SignaturePolicy } from "../verify/signature_policy.ts";
import type { Verdict } from "../verify/verdict.ts";
import { policyAlgorithms } from "../verify/verify_blob.ts";
import { type FileItem, isBundleName } from "./list_files.ts";
import { folderName, folderOf, isInside, joinPath, locateFile, readPlace } from "./locate_file.ts";
import { parseLock } from "./lock_file.ts";
import { readAtMost } from "./read_bundle_beside.ts";
import { shareWork } from "./shared_work.ts";
import { verifyContent } from "./verify_file.ts";

/** The files that are expected. */
export interface FileLock {
  /** Its own one name: it is none of the files. */
  readonly path: string;
  /** What each should be, by its one name ({@link locateFile}). */
  readonly digests: ReadonlyMap<string, Digest>;
  /** All of them, in the order of the lock file. */
  readonly items: readonly FileItem[];
  /** What there is to say about the lock file's own bundle. */
  readonly verdict: Verdict;
}

async function locateEntry(
  files: Pick<Files, "resolve">,
  folder: string,
  path: string,
): Promise<string> {
  const located = await locateFile(files, path.startsWith("/") ? path : joinPath(folder, path));
  if (isInside(folder, located) && located !== folder) return located;
  throw new FileError("outside", "the lock file may not lead out of its folder");
}

/**
 * Read a lock file, and verify its own bundle over the same bytes. Its paths are relative to its
 * folder, and those that lead out of it are not followed.
 *
 * @throws {FileError} if it cannot be read
 * @throws {MalformedError} if it is none
 */
export async function readLock(
  files: Files,
  path: string,
  policy: SignaturePolicy,
): Promise<FileLock> {
  const place = { path: await locateFile(files, path) };
  const root = folderOf(place.path);
  const bytes = await readPlace(files, place, (pieces) => readAtMost(pieces, MAX_ATTACHMENT_BYTES));
  const content = await readBlobContent([bytes], policyAlgorithms(policy));
  const verdict = await verifyContent(files, place, path, content, policy);

  const shown = folderName(folderOf(path));
  // Of the files in one folder its name is asked for once.
  const share = shareWork<string>();
  const folders = { resolve: (folder: string) => share(folder, () => files.resolve(folder)) };
  const digests = new Map<string, Digest>();
  const items: FileItem[] = [];
  for (const entry of parseLock(bytes)) {
    // Of bundles, their files say whether they are right.
    if (isBundleName(entry.path)) continue;
    const name = joinPath(shown, entry.path);
    try {
      const located = await locateEntry(folders, root, entry.path);
      if ((digests.get(located) ?? entry.digest) !== entry.digest) {
        throw new MalformedError("lock file", `"${entry.path}" has another digest by another name`);
      }
      digests.set(located, entry.digest);
      items.push({ kind: "file", name, path: located, root });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      items.push({ kind: "trouble", name, error });
    }
  }
  return { path: place.path, digests, items, verdict };
}
