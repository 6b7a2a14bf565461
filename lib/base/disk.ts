/** The files of the machine. */

import { constants, type Dirent, type Stats } from "node:fs";
import { lstat, open, opendir, realpath, rename, rm } from "node:fs/promises";
import { type EntryKind, FileError, type Files, type FolderEntry } from "./files.ts";
import { MAX_FOLDER_ENTRIES } from "./limits.ts";

/** The system's words: those of Node and Deno differ. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EIO: "input/output error",
  EISDIR: "it is a folder",
  ELOOP: "it is a link, or leads over too many",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "its name is too long",
  ENOENT: "there is no such file",
  ENOSPC: "no space is left",
  ENOTDIR: "it is in no folder",
  EPERM: "the operation is not permitted",
  EROFS: "the file system is read-only",
  ERR_INVALID_ARG_VALUE: "no file can have its name",
};

/** No such file can be there. */
const MISSING: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ENAMETOOLONG",
  // A NUL in the name, on both runtimes.
  "ERR_INVALID_ARG_VALUE",
]);

function fileError(thrown: unknown): unknown {
  const code = (thrown as { readonly code?: unknown } | null)?.code;
  if (typeof code !== "string" || thrown instanceof FileError) return thrown;
  const words = WORDS[code];
  const message = words === undefined ? code : `${words} (${code})`;
  return new FileError(MISSING.has(code) ? "missing" : "unreadable", message, { cause: thrown });
}

async function attempt<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error);
  }
}

function kindOf(
  entry: Pick<Dirent | Stats, "isFile" | "isDirectory" | "isSymbolicLink">,
): EntryKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  return entry.isSymbolicLink() ? "link" : "other";
}

async function list(folder: string): Promise<readonly FolderEntry[]> {
  const entries: FolderEntry[] = [];
  for await (const entry of await opendir(folder, { bufferSize: 1024 })) {
    if (entries.length === MAX_FOLDER_ENTRIES) {
      throw new FileError("too-large", `more than ${MAX_FOLDER_ENTRIES} files are in it`);
    }
    entries.push({ name: entry.name, kind: kindOf(entry) });
  }
  return entries;
}

/** Small files take little memory, and large ones few calls. */
const MIN_PIECE = 4 * 1024;
const MAX_PIECE = 1024 * 1024;

// Not to wait for ever for somebody to write into a pipe, and not to follow a link that has just been
// put there.
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

async function* read(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = await attempt(() => open(path, READ_FLAGS));
  try {
    const stats = await attempt(() => file.stat());
    if (!stats.isFile()) throw new FileError("unreadable", "it is no regular file");
    const size = Math.min(Math.max(stats.size + 1, MIN_PIECE), MAX_PIECE);
    while (true) {
      signal?.throwIfAborted();
      const piece = new Uint8Array(size);
      const { bytesRead } = await attempt(() => file.read(piece, 0, size, null));
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  // Ends as bundles do, so that one that a crash left is not taken for a file to sign.
  const part = `${folder}.sigfleet-${crypto.randomUUID()}.sigstore.json`;
  const file = await open(part, "wx", 0o666);
  try {
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/**
 * Open the files of the machine.
 *
 * @param signal ends the reading of a large file with its reason
 */
export function diskFiles({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Files {
  return {
    resolve: (path) => attempt(() => realpath(path)),
    look: (path) =>
      attempt(async () => {
        const stats = await lstat(path, { bigint: true });
        const { dev, ino, size, mtimeNs } = stats;
        return { kind: kindOf(stats), version: [dev, ino, size, mtimeNs].join(" ") };
      }),
    list: (folder) => attempt(() => list(folder)),
    read: (path) => read(path, signal),
    write: (path, bytes) => attempt(() => write(path, bytes)),
  };
}
