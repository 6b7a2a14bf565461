import type { Command } from "commander";
import { UsageError } from "../../lib/base/errors.ts";
import { MAX_ATTACHMENT_BYTES } from "../../lib/base/limits.ts";
import { parseDetached } from "../../lib/signature/message_bundle.ts";
import type { GivenSignature } from "../../lib/verify/verify_given.ts";
import { readSignature } from "./blob_flags.ts";
import { fetchFile, isWebUrl } from "./fetch_file.ts";
import { readInput } from "./files.ts";
import type { Io } from "./io.ts";
import { defineWorkerOption, type WorkerFlags } from "./registry_options.ts";
import { childOptions, defineVerifyOptions, type VerifyFlags } from "./verify_options.ts";

/** Options of the tasks that verify images and print as `cosign verify` does. */
export interface CosignVerifyFlags extends VerifyFlags, WorkerFlags {
  readonly checkClaims: boolean;
  readonly output: string;
  readonly attachment?: string;
  readonly signature?: string;
  readonly payload?: string;
  readonly newBundleFormat?: boolean;
  readonly localImage?: boolean;
}

/** Declare them. */
export function defineCosignVerifyOptions(command: Command): void {
  defineVerifyOptions(command);
  defineWorkerOption(command, 10);
  command
    .option("--check-claims", "compare what is signed with the image and the annotations", true)
    .option("--no-check-claims", "do not, but for the digest in a bundle")
    .option("-o, --output <format>", "json, or text: what is signed, a line each", "json")
    .option("--attachment <kind>", "sbom: verify the image's old-style SBOM, and not the image")
    .option("--signature <file>", "this legacy signature and no other: a file, a URL, or base64")
    .option("--payload <file>", "what it is over (default: what cosign signs for the image)");
}

/**
 * Refuse what cannot be done, before anything is read.
 *
 * @throws {UsageError}
 */
export function checkVerifyFlags(flags: CosignVerifyFlags): void {
  const { output, attachment, signature, payload, localImage } = flags;
  if (!["json", "text"].includes(output)) {
    throw new UsageError(`Cannot print as "${output.slice(0, 40)}": want json or text`);
  }
  if (attachment !== undefined && attachment !== "sbom") {
    throw new UsageError(`Cannot verify attachment "${attachment.slice(0, 40)}": want sbom`);
  }
  if (localImage === true && (attachment ?? signature) !== undefined) {
    throw new UsageError(
      "Cannot use --attachment or --signature with --local-image: a folder holds what is verified",
    );
  }
  if (payload !== undefined && signature === undefined) {
    throw new UsageError("Cannot use --payload without --signature: it would not be verified");
  }
  if (signature !== undefined && childOptions(flags) !== undefined) {
    throw new UsageError("Cannot verify the images in an index with the one --signature");
  }
}

/** A payload as `--payload` names it: a file or a URL. */
async function readPayload(word: string, io: Io): Promise<Uint8Array> {
  if (!isWebUrl(word)) return await readInput(word, io);
  const options = { what: "payload", maxBytes: MAX_ATTACHMENT_BYTES, allowHttp: true };
  return await fetchFile(word, options, io);
}

/** The signature that the command line gives; `undefined` where it is to be looked for. */
export async function readGiven(
  { signature, payload }: CosignVerifyFlags,
  io: Io,
): Promise<GivenSignature | undefined> {
  if (signature === undefined) return undefined;
  return {
    signature: parseDetached(await readSignature(signature, io)).signature,
    payload: payload === undefined ? undefined : await readPayload(payload, io),
  };
}
