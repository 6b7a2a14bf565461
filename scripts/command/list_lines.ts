import { type FileHandle, open } from "node:fs/promises";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import type { Io } from "./io.ts";

async function openList(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    throw new UsageError(`Cannot read list ${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function* readLines(path: string): AsyncGenerator<string> {
  yield* (await openList(path)).readLines();
}

/**
 * The lines of a list that a word names, as they come: `@FILE`, or `-` for standard input; `undefined`
 * where it names none.
 */
export function listLines(word: string, io: Io): AsyncIterable<string> | undefined {
  if (word === "-") return io.stdin.lines();
  return word.startsWith("@") ? readLines(word.slice(1)) : undefined;
}

/**
 * Whether a word names a list. One that cannot be read is told of before anything is done.
 *
 * @throws {UsageError}
 */
export async function checkList(word: string): Promise<boolean> {
  if (word.startsWith("@")) await (await openList(word.slice(1))).close();
  return word === "-" || word.startsWith("@");
}
