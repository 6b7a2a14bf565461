#!/usr/bin/env node
import { Option } from "commander";
import { encodeBase64 } from "../lib/base/bytes.ts";
import { UsageError } from "../lib/base/errors.ts";
import { signBlob, type SignedBlob } from "../lib/sign/sign_blob.ts";
import { buildOldBundle } from "../lib/signature/message_bundle.ts";
import {
  defineBlobSignOptions,
  openPayload,
  refuseLog,
  writeOutput,
} from "./command/blob_flags.ts";
import type { Io } from "./command/io.ts";
import { requireKey } from "./command/keyless.ts";
import { readPrivateKey } from "./command/keys.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly key?: string;
  readonly bundle?: string;
  readonly outputSignature?: string;
  readonly output?: string;
  readonly b64: boolean;
  readonly newBundleFormat?: boolean;
  readonly tlogUpload?: boolean;
  readonly useSigningConfig?: boolean;
}

/** Hand out a signature: cosign 3 writes a bundle, and those before it the signature alone. */
async function writeOut({ signature, bundle }: SignedBlob, flags: Flags, io: Io): Promise<void> {
  const { b64, newBundleFormat, outputSignature = flags.output } = flags;
  if (flags.bundle !== undefined) {
    const old = newBundleFormat === false;
    await writeOutput(flags.bundle, old ? buildOldBundle(signature) : bundle);
    await io.stderr.write(`Wrote bundle to file ${flags.bundle}\n`);
  }
  if (outputSignature !== undefined) {
    await writeOutput(outputSignature, b64 ? encodeBase64(signature) : signature);
    await io.stderr.write(`Wrote signature to file ${outputSignature}\n`);
  } else if (flags.bundle === undefined || newBundleFormat === false) {
    await io.stdout.write(`${encodeBase64(signature)}\n`);
  }
}

function checkFlags(args: readonly string[], flags: Flags): void {
  const { bundle, outputSignature = flags.output, b64 } = flags;
  if (args.length > 1 && (bundle !== undefined || outputSignature !== undefined)) {
    throw new UsageError("Cannot write several signatures to one file; see the task sign-files");
  }
  if (!b64 && outputSignature === undefined) {
    throw new UsageError("Cannot print a signature as it is: name a file with --output-signature");
  }
}

/** Sign a file, as `cosign sign-blob` does. */
export const task: Task<Flags> = {
  name: "sign-blob",
  summary: "Sign a file",
  examples: [
    ["sign-blob --key cosign.key app.tar.gz", "print the signature in base64, as cosign 1 did"],
    [
      "sign-blob --key cosign.key --bundle app.sigstore.json app.tar.gz",
      "write a bundle, as cosign 3 does",
    ],
    ["sign-blob --key cosign.key --output-signature app.sig -", "sign standard input"],
  ],
  define(command) {
    command
      .argument("<file...>", "what to sign; - for standard input")
      .option("--bundle <file>", "write a Sigstore bundle")
      .option("--output-signature <file>", "write the signature alone")
      .addOption(new Option("--output <file>").hideHelp())
      .option("--b64", "write the signature in base64", true)
      .option("--no-b64", "write it as it is");
    defineBlobSignOptions(command);
  },
  async run(args, flags, io) {
    const reference = requireKey(flags);
    refuseLog(flags);
    checkFlags(args, flags);
    const key = await readPrivateKey(reference, io);
    for (const file of args) {
      await writeOut(await signBlob(key, openPayload(file, io)), flags, io);
    }
    return 0;
  },
};

await runIfMain(import.meta.url, task);
