#!/usr/bin/env node
import { decodeBase64, decodeText } from "../lib/base/bytes.ts";
import { MalformedError, UsageError } from "../lib/base/errors.ts";
import { connectServices } from "../lib/sign/connect_services.ts";
import { findInRekorV1 } from "../lib/sign/rekor_v1.ts";
import { readBlobContent } from "../lib/signature/blob_content.ts";
import { assembleBundle, type BundleParts } from "../lib/sign/assemble_bundle.ts";
import { readPieces, writeOutput } from "./command/blob_flags.ts";
import { readInput } from "./command/files.ts";
import type { Io } from "./command/io.ts";
import { readPublicKey } from "./command/keys.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly artifact?: string;
  readonly attestation?: string;
  readonly bundle?: string;
  readonly signature?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly rfc3161Timestamp?: string;
  readonly ignoreTlog?: boolean;
  readonly rekorUrl: string;
  readonly out?: string;
}

function checkFlags(flags: Flags): void {
  const { artifact, bundle, signature, attestation, certificate, key } = flags;
  if (artifact === undefined) throw new UsageError("Cannot make a bundle: name the --artifact");
  if (bundle === undefined && signature === undefined && attestation === undefined) {
    throw new UsageError("Cannot make a bundle: want --bundle, --signature or --attestation");
  }
  if (bundle !== undefined && (signature ?? certificate ?? attestation) !== undefined) {
    throw new UsageError("Cannot make a bundle: --bundle holds all that else is named one by one");
  }
  if (key !== undefined && certificate !== undefined) {
    throw new UsageError("Cannot make a bundle: want either --key or --certificate");
  }
}

/** A file's text as base64, or as it stands if it is none. */
function unwrap(bytes: Uint8Array): Uint8Array {
  try {
    return decodeBase64(decodeText(bytes).replace(/\s+/gu, ""));
  } catch {
    return bytes;
  }
}

async function readParts(flags: Flags, io: Io): Promise<BundleParts> {
  const read = async (file: string | undefined): Promise<Uint8Array | undefined> =>
    file === undefined ? undefined : await readInput(file, io);
  const { digests } = await readBlobContent(readPieces(flags.artifact!, io), []);
  const signature = await read(flags.signature);
  const certificate = await read(flags.certificate);
  return {
    sha256: digests.sha256!,
    key: flags.key === undefined ? undefined : (await readPublicKey(flags.key, io)).key,
    old: await read(flags.bundle),
    envelope: await read(flags.attestation),
    signature: signature && unwrap(signature),
    // cosign writes it in base64 of PEM, others as PEM.
    certificate: certificate && unwrap(certificate),
    timestamp: await read(flags.rfc3161Timestamp),
  };
}

/** Make a Sigstore bundle of what older versions of cosign wrote, as `cosign bundle create` does. */
export const task: Task<Flags> = {
  name: "bundle create",
  summary: "Make a Sigstore bundle of a signature's parts",
  examples: [
    [
      "bundle create --artifact app.tar.gz --bundle app.cosign.bundle --out app.sigstore.json",
      "of the bundle that cosign 2 wrote",
    ],
    [
      "bundle create --artifact app.tar.gz --signature app.sig --key cosign.pub --ignore-tlog",
      "of a signature by a key that is in no log",
    ],
  ],
  define(command) {
    command
      .option("--artifact <file>", "what is signed")
      .option("--bundle <file>", "the bundle that cosign 2 wrote")
      .option("--signature <file>", "the signature in base64")
      .option("--attestation <file>", "or the attestation's envelope (DSSE)")
      .option("--certificate <file>", "the certificate, PEM or base64 of it")
      .option("--key <key>", "or the public key: file, https://, env:// or k8s://")
      .option("--rfc3161-timestamp <file>", "the timestamp, as cosign wrote it")
      .option("--ignore-tlog", "the signature is in no transparency log")
      .option("--rekor-url <url>", "the log that it is in", "https://rekor.sigstore.dev")
      .option("--out <file>", "the file to write (default: standard output)");
  },
  async run(_args, flags, io) {
    checkFlags(flags);
    const parts = await readParts(flags, io);
    const { env, clock, signal, log } = io;
    const services = connectServices({ env, clock, signal, log });
    try {
      const find: Parameters<typeof assembleBundle>[1] = (signed, known) =>
        findInRekorV1(services, flags.rekorUrl, signed, known);
      const bundle = await assembleBundle(parts, flags.ignoreTlog === true ? undefined : find);
      if (flags.out === undefined) await io.stdout.write(`${decodeText(bundle)}\n`);
      else await writeOutput(flags.out, bundle);
      return 0;
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      throw new UsageError(`Cannot make a bundle: ${error.message}`, { cause: error });
    } finally {
      await services.close();
    }
  },
};

await runIfMain(import.meta.url, task);
