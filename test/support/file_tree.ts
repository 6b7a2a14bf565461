/** Folders with files in them, and disks that fail where they are told to. */

import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FileError, type Files } from "../../lib/base/files.ts";

/** What to put under a name: a file's text, or where a link leads. */
export type TreeEntry = string | { readonly link: string };

/** Write files and links below a folder, with the folders that they need. */
export async function writeTree(
  folder: string,
  entries: Readonly<Record<string, TreeEntry>>,
): Promise<void> {
  for (const [name, entry] of Object.entries(entries)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    if (typeof entry === "string") await writeFile(path, entry);
    else await symlink(entry.link, path);
  }
}

/** What a disk may do instead of what it is asked for. */
export interface Faults {
  /** Paths that end so cannot be read. */
  readonly unreadable?: string;
  /** Folders that end so cannot be listed. */
  readonly unlistable?: string;
  /** Paths that end so cannot be written. */
  readonly unwritable?: string;
  /** Called when the last piece of any file was read. */
  readonly whenRead?: (path: string) => Promise<void>;
}

/** A disk with faults. */
export function faultyFiles(
  files: Files,
  { unreadable, unlistable, unwritable, whenRead }: Faults,
): Files {
  const refuse = (path: string, ending: string | undefined): void => {
    if (ending !== undefined && path.endsWith(ending)) {
      throw new FileError("unreadable", "input/output error (EIO)");
    }
  };
  return {
    ...files,
    async list(folder) {
      refuse(folder, unlistable);
      return await files.list(folder);
    },
    async *read(path) {
      refuse(path, unreadable);
      yield* files.read(path);
      await whenRead?.(path);
    },
    async write(path, bytes) {
      refuse(path, unwritable);
      await files.write(path, bytes);
    },
  };
}
