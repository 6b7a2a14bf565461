import { readFile } from "node:fs/promises";
import { decodeText } from "../../lib/base/bytes.ts";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import {
  formatReference,
  parseReference,
  ReferenceSyntaxError,
} from "../../lib/reference/reference.ts";
import { safeText } from "../../lib/report/safe_text.ts";
import type { CosignVerifyFlags } from "./cosign_verify_options.ts";
import type { Io } from "./io.ts";
import { verifyImages } from "./verify_images.ts";

/** An image as a file names it, and where it does: `app.yaml: spec.containers[0].image`. */
export interface NamedImage {
  readonly image: string;
  readonly where: string;
}

/** Read a file that names images; `-` is standard input. */
export async function readNamingFile(file: string, io: Io): Promise<string> {
  try {
    return decodeText(file === "-" ? await io.stdin.readAll() : await readFile(file));
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Verify the images that files name, each once, as `verify` does. A name that is no reference is told
 * of, and counts as a failure; the rest is verified.
 *
 * @param what the files are, for the error where they name no image: "manifest"
 * @returns the exit code
 */
export async function verifyNamed(
  named: readonly NamedImage[],
  what: string,
  flags: CosignVerifyFlags,
  io: Io,
): Promise<number> {
  if (named.length === 0) {
    // Nothing was verified, which must not look like success.
    await io.stderr.write(`Error: no images found in ${what}\n`);
    return 1;
  }
  const references = new Set<string>();
  let invalid = 0;
  for (const { image, where } of named) {
    try {
      references.add(formatReference(parseReference(image)));
    } catch (error) {
      if (!(error instanceof ReferenceSyntaxError)) throw error;
      invalid = 2;
      await io.stderr.write(`Error: ${safeText(`${where}: ${error.message}`)}\n`);
    }
  }
  const images = [...new Set(named.map(({ image }) => image))].join(", ");
  await io.stderr.write(`Extracted image(s): ${safeText(images)}\n`);
  const code = references.size === 0 ? 0 : await verifyImages([...references], flags, io);
  return code || invalid;
}
