import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import { detectContentType, SNIFF_BYTES } from "../../lib/base/detect_content_type.ts";
import { startSha256 } from "../../lib/base/hash.ts";
import { parseDigest } from "../../lib/reference/digest.ts";
import type { BlobStream } from "../../lib/registry/put_blob_stream.ts";

/** A file as a blob, with what kind of content it begins with. */
export interface FileBlob extends BlobStream {
  readonly contentType: string;
}

/** Read how a file begins. */
async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Hash a file of any size; it is read again where it is sent. */
export async function openFileBlob(path: string): Promise<FileBlob> {
  try {
    // A pipe could be read but once.
    if (!(await stat(path)).isFile()) throw new Error("it is no regular file");
    const hash = startSha256();
    let size = 0;
    for await (const piece of createReadStream(path) as AsyncIterable<Uint8Array>) {
      hash.update(piece);
      size += piece.length;
    }
    return {
      digest: parseDigest(`sha256:${hash.hex()}`),
      size,
      open: () => createReadStream(path),
      contentType: detectContentType(await readHead(path)),
    };
  } catch (error) {
    throw new UsageError(`Cannot read file ${path}: ${messageOf(error)}`, { cause: error });
  }
}
