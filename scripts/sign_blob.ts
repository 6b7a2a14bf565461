#!/usr/bin/env node
import { Option } from "commander";
import { encodeBase64, encodeText } from "../lib/base/bytes.ts";
import { UsageError } from "../lib/base/errors.ts";
import { signBlob, type SignedBlob } from "../lib/sign/sign_blob.ts";
import { signerPem, timestampText } from "../lib/signature/material_annotations.ts";
import { buildOldBundle } from "../lib/signature/message_bundle.ts";
import type { VerificationMaterial } from "../lib/signature/verification_material.ts";
import { defineBlobSignOptions, openPayload, writeOutput } from "./command/blob_flags.ts";
import type { Io } from "./command/io.ts";
import type { SignerFlags } from "./command/signer_options.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { withSigner } from "./command/with_signer.ts";

interface Flags extends SignerFlags {
  readonly bundle?: string;
  readonly outputSignature?: string;
  readonly output?: string;
  readonly b64: boolean;
  readonly newBundleFormat?: boolean;
  readonly outputCertificate?: string;
  readonly rfc3161Timestamp?: string;
}

/** Write what belongs to a signature into files of their own, as cosign 2 did. */
async function writeMaterial(
  material: VerificationMaterial,
  { outputCertificate, rfc3161Timestamp, b64 }: Flags,
  io: Io,
): Promise<void> {
  const pem = signerPem(material);
  const [timestamp] = material.timestamps;
  if (outputCertificate !== undefined && pem !== "") {
    await writeOutput(outputCertificate, b64 ? encodeBase64(encodeText(pem)) : pem);
    await io.stderr.write(`Wrote certificate to file ${outputCertificate}\n`);
  }
  if (rfc3161Timestamp !== undefined && timestamp !== undefined) {
    await writeOutput(rfc3161Timestamp, timestampText(timestamp));
    await io.stderr.write(`Wrote timestamp to file ${rfc3161Timestamp}\n`);
  }
}

/** Hand out a signature: cosign 3 writes a bundle, and those before it the signature alone. */
async function writeOut(signed: SignedBlob, flags: Flags, io: Io): Promise<void> {
  const { signature, bundle, material } = signed;
  const { b64, newBundleFormat, outputSignature = flags.output } = flags;
  if (flags.bundle !== undefined) {
    const old = newBundleFormat === false;
    await writeOutput(flags.bundle, old ? buildOldBundle(signature, material) : bundle);
    await io.stderr.write(`Wrote bundle to file ${flags.bundle}\n`);
  }
  if (outputSignature !== undefined) {
    await writeOutput(outputSignature, b64 ? encodeBase64(signature) : signature);
    await io.stderr.write(`Wrote signature to file ${outputSignature}\n`);
  } else if (flags.bundle === undefined || newBundleFormat === false) {
    await io.stdout.write(`${encodeBase64(signature)}\n`);
  }
  await writeMaterial(material, flags, io);
}

function checkFlags(args: readonly string[], flags: Flags): void {
  const { bundle, outputSignature = flags.output, outputCertificate, b64 } = flags;
  const files = [bundle, outputSignature, outputCertificate, flags.rfc3161Timestamp];
  if (args.length > 1 && files.some((file) => file !== undefined)) {
    throw new UsageError("Cannot write several signatures to one file; see the task sign-files");
  }
  if (!b64 && outputSignature === undefined) {
    throw new UsageError("Cannot print a signature as it is: name a file with --output-signature");
  }
  if (flags.key === undefined && bundle === undefined) {
    throw new UsageError(
      "Cannot sign without a key: name a file with --bundle, since nobody could verify the signature alone",
    );
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
    [
      "sign-blob --bundle app.sigstore.json app.tar.gz",
      "without a key: as whoever the CI job is, or signs in",
    ],
  ],
  define(command) {
    command
      .argument("<file...>", "what to sign; - for standard input")
      .option("--bundle <file>", "write a Sigstore bundle")
      .option("--output-signature <file>", "write the signature alone")
      .addOption(new Option("--output <file>").hideHelp())
      .addOption(new Option("--output-certificate <file>").hideHelp())
      .addOption(new Option("--rfc3161-timestamp <file>").hideHelp())
      .option("--b64", "write the signature in base64", true)
      .option("--no-b64", "write it as it is");
    defineBlobSignOptions(command);
  },
  async run(args, flags, io) {
    checkFlags(args, flags);
    return await withSigner(flags, io, {
      legacy: flags.newBundleFormat === false,
    }, async (signer) => {
      for (const file of args) {
        await writeOut(await signBlob(signer, openPayload(file, io)), flags, io);
      }
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
