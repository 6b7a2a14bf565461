/** What the tasks that sign and verify files have in common. */

import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import { MAX_ATTACHMENT_BYTES } from "../../lib/base/limits.ts";
import { missingChecks } from "../../lib/report/record.ts";
import { parseCertificatePem } from "../../lib/signature/material.ts";
import type { FoundSignature } from "../../lib/verify/verify_blob.ts";
import type { Verdict } from "../../lib/verify/verdict.ts";
import type { Io } from "./io.ts";
import { readSmallFile } from "./files.ts";
import { defineSignerOptions } from "./signer_options.ts";
import { defineTrustOptions, type TrustFlags } from "./trust_options.ts";

/** Where the signature of a file is, and who must have made it. */
export interface FoundFlags extends TrustFlags {
  readonly bundle?: string;
  readonly signature?: string;
  readonly certificate?: string;
}

/** Declare what cosign's users type where files are signed. */
export function defineBlobSignOptions(command: Command): void {
  command
    .addOption(new Option("--new-bundle-format").hideHelp())
    .addOption(new Option("--no-new-bundle-format").hideHelp());
  defineSignerOptions(command);
}

/** Declare what cosign's users type where the signatures of files are verified. */
export function defineBlobVerifyOptions(command: Command): void {
  defineBlobKeyOptions(command);
  command
    .option("--bundle <file>", "the Sigstore bundle")
    .option("--certificate <file>", "the signer's, in PEM, beside a --signature")
    // What changes nothing for a file: there is but one, its signature lies beside it, and no log is
    // asked.
    .addOption(new Option("--max-workers <n>").hideHelp())
    .addOption(new Option("--experimental-oci11").hideHelp())
    .addOption(new Option("--private-infrastructure").hideHelp())
    .addOption(new Option("--allow-certificate-chain").hideHelp());
}

/** Declare whom the signatures of files must be by. */
export function defineBlobKeyOptions(command: Command): void {
  defineTrustOptions(command, "it");
  command
    .addOption(new Option("--new-bundle-format").hideHelp())
    .addOption(new Option("--no-new-bundle-format").hideHelp());
}

/**
 * Open a file of any size that the user names, or standard input, and say so as cosign does.
 *
 * @throws {UsageError} while it is read
 */
export async function* openPayload(file: string, io: Io): AsyncGenerator<Uint8Array> {
  await io.stderr.write(`Using payload from: ${file}\n`);
  yield* readPieces(file, io);
}

/** The content of a file, or of standard input for `-`. */
export async function* readPieces(file: string, io: Io): AsyncGenerator<Uint8Array> {
  if (file === "-") {
    yield await io.stdin.readAll();
    return;
  }
  try {
    yield* createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Write a file that the user names. */
export async function writeOutput(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (error) {
    throw new UsageError(`Cannot write ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** A signature as `--signature` names it: a file, a URL, or the base64 itself. */
export async function readSignature(word: string, io: Io): Promise<Uint8Array> {
  if (/^https?:\/\//iu.test(word)) {
    const { fetchFile } = await import("./fetch_file.ts");
    const options = { what: "signature", maxBytes: MAX_ATTACHMENT_BYTES, allowHttp: true };
    return await fetchFile(word, options, io);
  }
  const bytes = await readSmallFile(word, MAX_ATTACHMENT_BYTES, io);
  if (bytes !== undefined) return bytes;
  // cosign takes what is no file for the signature.
  if (/^[A-Za-z0-9+/\s]{16,}={0,2}\s*$/u.test(word)) return encodeText(word);
  throw new UsageError(`Cannot read signature ${word.slice(0, 300)}: there is no such file`);
}

/** Certificates are some kilobytes. */
const MAX_CERTIFICATE_BYTES = 1024 * 1024;

async function readCertificate(file: string, io: Io): Promise<Uint8Array> {
  const bytes = await readSmallFile(file, MAX_CERTIFICATE_BYTES, io);
  try {
    if (bytes !== undefined) return parseCertificatePem(decodeText(bytes));
  } catch (error) {
    throw new UsageError(`${messageOf(error)} (${file})`, { cause: error });
  }
  throw new UsageError(`Cannot read certificate ${file}: there is no such file`);
}

/** Read what is beside a file. */
export async function readFound(
  { bundle, signature, certificate }: FoundFlags,
  io: Io,
): Promise<FoundSignature> {
  if (bundle !== undefined && signature !== undefined) {
    throw new UsageError("Cannot verify: want either --bundle or --signature");
  }
  if (signature !== undefined) {
    const bytes = await readSignature(signature, io);
    if (certificate === undefined) return { kind: "detached", bytes };
    return { kind: "detached", bytes, certificate: await readCertificate(certificate, io) };
  }
  if (bundle === undefined) {
    throw new UsageError("Cannot verify: name the bundle with --bundle, or a --signature");
  }
  const bytes = await readSmallFile(bundle, MAX_ATTACHMENT_BYTES, io);
  if (bytes === undefined) throw new UsageError(`Cannot read bundle ${bundle}: no such file`);
  return { kind: "bundle", bytes };
}

/** Say what came of it as cosign does, and no more than was checked. */
export async function tellVerdict(verdict: Verdict, io: Io): Promise<number> {
  if (verdict.kind === "verified") {
    const missing = missingChecks(verdict.signatures[0]!.checks).map((check) =>
      `${check.replace("-", " ")}: not checked\n`
    );
    await io.stderr.write(`${missing.join("")}Verified OK\n`);
    return 0;
  }
  const why = [
    ...new Set(
      verdict.reasons.map(({ message, expected, found }) =>
        expected === undefined ? message : `${message} (want ${expected}, found ${found ?? "none"})`
      ),
    ),
  ];
  throw new Error(
    `${verdict.kind === "unknown" ? "could not tell" : "failed to verify"}: ${why.join("; ")}`,
  );
}
