import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { concatBytes } from "../../lib/base/bytes.ts";
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

/**
 * Read a file that the user names and that should be small; `undefined` where there is none.
 *
 * @throws {UsageError} if it is larger, or cannot be read
 */
export async function readSmallFile(
  path: string,
  maxBytes: number,
  io: Io,
): Promise<Uint8Array | undefined> {
  if (path === "-") return await io.stdin.readAll();
  try {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of createReadStream(path) as AsyncIterable<Uint8Array>) {
      length += part.length;
      if (length > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
      parts.push(part);
    }
    return concatBytes(parts);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT" || code === "ENAMETOOLONG") return undefined;
    throw new UsageError(`Cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}
