/** The files of an OCI image layout folder: read with bounds, and written so that they are whole. */

import { createReadStream, createWriteStream } from "node:fs";
import { lstat, mkdir, opendir, realpath, rename, rm } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { concatBytes } from "../base/bytes.ts";
import { type ErrorCode, messageOf } from "../base/errors.ts";
import { startSha256 } from "../base/hash.ts";
import { MAX_LAYOUT_FILES } from "../base/limits.ts";
import { type Digest, digestHex, isDigest } from "../reference/digest.ts";
import { RegistryError, type RegistryFailure } from "./registry_error.ts";

/** A layout folder could not be written. */
export class LayoutError extends Error {
  override readonly name = "LayoutError";
  readonly code: Extract<ErrorCode, "LAYOUT"> = "LAYOUT";
}

/** A file that is there: a plain one, inside the folder. */
export interface LayoutFile {
  readonly path: string;
  readonly size: number;
}

/** Where blobs lie (OCI image spec 1.1, "Image Layout"). */
const BLOBS = "blobs/sha256";

/** Where files are written before they get their names; what a killed run left there is of no use. */
const UNFINISHED = ".sigfleet-unfinished";

const READ_SIZE = 1024 * 1024;

/** The name of a blob's file, below the folder. */
export function blobName(digest: Digest): string {
  return `${BLOBS}/${digestHex(digest)}`;
}

/** The error about a file that cannot be read. */
export function cannotRead(
  path: string,
  why: string,
  failure: RegistryFailure = "invalid-answer",
): RegistryError {
  return new RegistryError(why, { failure, request: `read ${path}`, attempts: 1 });
}

function isAbsent(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The folder's own name, without links. It must be there. */
export async function findFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    throw cannotRead(folder, messageOf(error), isAbsent(error) ? "not-found" : "unavailable");
  }
}

/** Where a name in the folder leads; links may not lead out of it. */
async function follow(folder: string, name: string): Promise<string> {
  const path = await realpath(join(folder, name));
  if (path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)) return path;
  throw cannotRead(join(folder, name), "it is a link that leads out of the folder");
}

/**
 * Find a file of the folder; `undefined` where there is none.
 *
 * @param folder from {@link findFolder}
 * @throws {RegistryError} if it is no plain file, or outside
 */
export async function findFile(folder: string, name: string): Promise<LayoutFile | undefined> {
  try {
    const path = await follow(folder, name);
    const found = await lstat(path);
    // A pipe would keep whoever opens it waiting.
    if (!found.isFile()) throw cannotRead(path, "it is no file");
    return { path, size: found.size };
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    if (isAbsent(error)) return undefined;
    throw cannotRead(join(folder, name), messageOf(error), "unavailable");
  }
}

/** The bytes of a file, piece by piece. */
export async function* readPieces({ path }: LayoutFile): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: READ_SIZE }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw cannotRead(path, messageOf(error), "unavailable");
  }
}

/**
 * Read a file into memory.
 *
 * @throws {RegistryError} if it is larger
 */
export async function readWhole(file: LayoutFile, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = file.size;
  if (length <= maxBytes) {
    length = 0;
    for await (const part of readPieces(file)) {
      length += part.length;
      // It may grow meanwhile.
      if (length > maxBytes) break;
      parts.push(part);
    }
  }
  if (length > maxBytes) throw cannotRead(file.path, `it is larger than ${maxBytes} bytes`);
  return concatBytes(parts);
}

/** Whether the bytes of a file hash to a digest. */
export async function isIntact(file: LayoutFile, digest: Digest): Promise<boolean> {
  const hash = startSha256();
  for await (const piece of readPieces(file)) hash.update(piece);
  return `sha256:${hash.hex()}` === digest;
}

/**
 * Name the blobs of the folder, whatever their files hold.
 *
 * @throws {RegistryError} also if they are too many
 */
export async function* listBlobs(folder: string): AsyncGenerator<Digest> {
  let count = 0;
  try {
    for await (const { name } of await opendir(await follow(folder, BLOBS))) {
      if (++count > MAX_LAYOUT_FILES) {
        throw cannotRead(join(folder, BLOBS), `it holds more than ${MAX_LAYOUT_FILES} files`);
      }
      const digest = `sha256:${name}`;
      if (isDigest(digest)) yield digest;
    }
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    if (isAbsent(error)) return;
    throw cannotRead(join(folder, BLOBS), messageOf(error), "unavailable");
  }
}

/** Writes files of one folder. */
export interface LayoutWriter {
  /** The folder's own name, without links. */
  readonly folder: string;
  /**
   * Write a file, or write over it, at once: it is never there in part.
   *
   * @param digest what the bytes must hash to, or nothing is written
   * @throws {LayoutError}
   */
  write(
    name: string,
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    digest?: Digest,
  ): Promise<void>;
  /** Leave nothing behind that is unfinished. */
  close(): Promise<void>;
}

/** Give pieces on, and refuse to end if they are not what they should be. */
async function* checked(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  digest: Digest,
): AsyncGenerator<Uint8Array> {
  const hash = startSha256();
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
  const found = `sha256:${hash.hex()}`;
  if (found !== digest) throw new Error(`the bytes hash to ${found}`);
}

/**
 * Begin to write into a folder, which is made if it is not there yet.
 *
 * @throws {LayoutError}
 */
export async function openWriter(path: string): Promise<LayoutWriter> {
  const attempt = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      const why = error instanceof RegistryError ? error.why : messageOf(error);
      throw new LayoutError(`Cannot write ${join(path, name)}: ${why}`, { cause: error });
    }
  };
  const folder = await attempt("", async () => {
    await mkdir(path, { recursive: true });
    return await realpath(path);
  });
  // One after another: nothing is made where a link leads out.
  for (const name of [dirname(BLOBS), BLOBS]) {
    await attempt(name, async () => {
      await mkdir(join(folder, name), { recursive: true });
      await follow(folder, name);
    });
  }
  const unfinished = join(folder, UNFINISHED);
  const remove = () => rm(unfinished, { recursive: true, force: true });
  await attempt(UNFINISHED, async () => {
    await remove();
    await mkdir(unfinished);
  });
  return {
    folder,
    write: (name, pieces, digest) =>
      attempt(name, async () => {
        const part = join(unfinished, crypto.randomUUID());
        try {
          const source = digest === undefined ? pieces : checked(pieces, digest);
          // Flushed before it has its name: after a power cut it is whole or not there.
          await pipeline(source, createWriteStream(part, { flags: "wx", flush: true }));
          await rename(part, join(folder, name));
        } finally {
          await rm(part, { force: true });
        }
      }),
    close: () => attempt(UNFINISHED, remove),
  };
}
