import type { ErrorCode } from "./errors.ts";

/** What stands under a name; to tell a link it is not followed. */
export type EntryKind = "file" | "folder" | "link" | "other";

/** One name in a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: EntryKind;
}

/** What is at a path. */
export interface Look {
  readonly kind: EntryKind;
  /** Another one when the file may hold something else, or is another file. */
  readonly version: string;
}

/** Files as the library reads and writes them. Whatever cannot be done rejects with {@link FileError}. */
export interface Files {
  /** The one name of what a path leads to: absolute, and without links. */
  resolve(path: string): Promise<string>;
  look(path: string): Promise<Look>;
  /** What is in a folder, in any order. */
  list(folder: string): Promise<readonly FolderEntry[]>;
  /** The content of a regular file, piece by piece. A link is refused: resolve it first. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** Write a file that appears whole, or not at all; one that is there is replaced. */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/** Why a file cannot be read or written. */
export type FileFailure =
  /** There is none. */
  | "missing"
  /** It is not where it may be read. */
  | "outside"
  | "too-large"
  | "unreadable";

/** A file cannot be read or written. The message does not name it: the caller knows it by its own name. */
export class FileError extends Error {
  override readonly name = "FileError";
  readonly code: Extract<ErrorCode, "FILE"> = "FILE";
  readonly failure: FileFailure;

  constructor(failure: FileFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}
