import { concatBytes } from "../base/bytes.ts";
import { FileError, type Files } from "../base/files.ts";
import { MAX_FILE_BUNDLE_BYTES } from "../base/limits.ts";
import { BUNDLE_SUFFIX } from "./bundle_suffix.ts";
import { type FilePlace, readPlace } from "./locate_file.ts";

/** Read what is small as a whole. */
export async function readAtMost(
  pieces: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > maxBytes) {
      throw new FileError("too-large", `it is larger than ${maxBytes} bytes`);
    }
    read.push(piece);
  }
  return concatBytes(read);
}

/**
 * Read the bundle beside a file; `undefined` where there is none.
 *
 * @throws {FileError} if it is there, and cannot be read or is too large
 */
export async function readBundleBeside(
  files: Files,
  { path, root }: FilePlace,
): Promise<Uint8Array | undefined> {
  try {
    return await readPlace(
      files,
      { path: `${path}${BUNDLE_SUFFIX}`, root },
      (pieces) => readAtMost(pieces, MAX_FILE_BUNDLE_BYTES),
    );
  } catch (error) {
    if (error instanceof FileError && error.failure === "missing") return undefined;
    throw error;
  }
}
