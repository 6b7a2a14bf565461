import { readFile } from "node:fs/promises";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import type { Io } from "./io.ts";

/**
 * Read a file that the user names; `-` is standard input.
 *
 * @throws {UsageError}
 */
export async function readInput(file: string, io: Io): Promise<Uint8Array> {
  if (file === "-") return await io.stdin.readAll();
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}
