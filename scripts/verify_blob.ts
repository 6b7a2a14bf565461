#!/usr/bin/env node
import { UsageError } from "../lib/base/errors.ts";
import type { KeyAlgorithm } from "../lib/keys/algorithm.ts";
import { isDigest } from "../lib/reference/digest.ts";
import {
  type BlobContent,
  contentOfDigest,
  readBlobContent,
} from "../lib/signature/blob_content.ts";
import { blobAlgorithms, verifyBlob } from "../lib/verify/verify_blob.ts";
import {
  defineBlobVerifyOptions,
  type FoundFlags,
  readFound,
  readPieces,
  tellVerdict,
} from "./command/blob_flags.ts";
import type { Io } from "./command/io.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { readSigners } from "./command/trust_options.ts";

/** A digest in place of a file, which cosign takes beside a bundle. */
async function readContent(
  word: string,
  { bundle }: FoundFlags,
  algorithms: readonly KeyAlgorithm[],
  io: Io,
): Promise<BlobContent> {
  if (bundle !== undefined && isDigest(word)) return contentOfDigest(word);
  if (/^sha\d+:/u.test(word) && bundle !== undefined) {
    throw new UsageError(`Cannot verify "${word.slice(0, 80)}": want sha256: and 64 hex digits`);
  }
  return await readBlobContent(readPieces(word, io), algorithms);
}

/** Verify the signature of a file, as `cosign verify-blob` does. */
export const task: Task<FoundFlags> = {
  name: "verify-blob",
  summary: "Verify the signature of a file, with cosign's output and exit codes",
  examples: [
    ["verify-blob --key cosign.pub --bundle app.sigstore.json app.tar.gz", "with a bundle"],
    ["verify-blob --key cosign.pub --signature app.sig app.tar.gz", "with a signature alone"],
    ["verify-blob --key cosign.pub --bundle app.sigstore.json sha256:…", "without the file"],
  ],
  define(command) {
    command
      .argument("<file>", "what was signed; - for standard input; with a bundle also sha256:…")
      .option("--signature <file>", "the signature: a file, a URL, or the base64 itself");
    defineBlobVerifyOptions(command);
  },
  async run([word = "", ...more], flags, io) {
    if (more.length > 0) throw new UsageError("Cannot verify several files; see verify-files");
    const policy = { ...await readSigners(flags, io), annotations: {} };
    const found = await readFound(flags, io);
    const content = await readContent(word, flags, blobAlgorithms(found, policy), io);
    return await tellVerdict(await verifyBlob(content, found, policy), io);
  },
};

await runIfMain(import.meta.url, task);
