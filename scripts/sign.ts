#!/usr/bin/env node
import { writeFile } from "node:fs/promises";
import { encodeBase64, encodeText } from "../lib/base/bytes.ts";
import { UsageError } from "../lib/base/errors.ts";
import {
  formatReference,
  formatRepository,
  parseReference,
  type Reference,
} from "../lib/reference/reference.ts";
import type { Remote } from "../lib/registry/remote.ts";
import { resolveDigest, type ResolvedManifest } from "../lib/registry/resolve_digest.ts";
import { signDigest } from "../lib/sign/sign_digest.ts";
import { signRecursive } from "../lib/sign/sign_recursive.ts";
import { signStatement } from "../lib/sign/sign_statement.ts";
import type { SignOptions } from "../lib/sign/signing_job.ts";
import { buildClaim } from "../lib/signature/claim.ts";
import { buildSignStatement } from "../lib/signature/statement.ts";
import type { Io } from "./command/io.ts";
import { withRegistries } from "./command/registry_options.ts";
import { defineSignOptions, type SignFlags, signOptions } from "./command/sign_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends SignFlags {
  readonly upload: boolean;
  readonly bundle?: string;
  readonly outputSignature?: string;
  readonly outputPayload?: string;
}

/** Write what was asked for into files: the bundle, or a legacy signature and its payload. */
async function writeFiles(
  { repository }: Reference,
  { digest }: ResolvedManifest,
  options: Omit<SignOptions, "tags">,
  flags: Flags,
  io: Io,
): Promise<void> {
  const { key, annotations, dockerReference = formatRepository(repository) } = options;
  const write = async (file: string, bytes: Uint8Array, what: string): Promise<void> => {
    await writeFile(file, bytes);
    await io.stderr.write(`Wrote ${what} to file ${file}\n`);
  };
  if (flags.bundle !== undefined) {
    const bundle = await signStatement(key, buildSignStatement(digest, annotations));
    await write(flags.bundle, bundle, "bundle");
  }
  const payload = buildClaim(dockerReference, digest, annotations);
  if (flags.outputSignature !== undefined) {
    const signature = encodeText(encodeBase64(await key.sign(payload)));
    await write(flags.outputSignature, signature, "signature");
  }
  if (flags.outputPayload !== undefined) await write(flags.outputPayload, payload, "payload");
}

async function signOne(
  remote: Remote,
  reference: Reference,
  options: Omit<SignOptions, "tags">,
  flags: Flags,
  io: Io,
): Promise<void> {
  const { repository, digest, tag } = reference;
  const subject = await resolveDigest(remote, repository, digest ?? tag!);
  if (subject === undefined) {
    throw new Error(`Cannot sign ${formatReference(reference)}: the registry says there is none`);
  }
  if (tag !== undefined) {
    await io.stderr.write(
      `WARNING: ${
        formatReference(reference)
      } is a tag, and may name another image than you mean; ` +
        `signing ${subject.digest}\n`,
    );
  }
  await writeFiles(reference, subject, options, flags, io);
  if (!flags.upload) return;
  const store = formatRepository(options.store?.repository ?? repository);
  await io.stderr.write(`Pushing signature to: ${store}\n`);
  const sign = flags.recursive === true ? signRecursive : signDigest;
  const outcomes = await sign(remote, repository, subject, options);
  for (const [format, outcome] of Object.entries(outcomes)) {
    const done = outcome === "already-signed" ? "already signed by this key" : "signed";
    await io.stderr.write(
      `${formatRepository(repository)}@${subject.digest}: ${done} (${format})\n`,
    );
  }
}

/** Sign images, one after another; each is tried. */
export const task: Task<Flags> = {
  name: "sign",
  summary: "Sign images with a key",
  examples: [
    ["sign --key cosign.key registry.example/app@sha256:…", "sign the image with this digest"],
    ["sign --key cosign.key -a env=prod registry.example/app:1.0", "sign an annotation with it"],
    ["sign --key cosign.key -r registry.example/app:1.0", "an index and every image in it"],
    [
      "sign --key cosign.key --format legacy registry.example/app:1.0",
      "for cosign 1 and 2, podman",
    ],
  ],
  define(command) {
    command.argument("<image...>", "tags or digests of images");
    defineSignOptions(command);
    command
      .option("--upload", "store the signature in the registry", true)
      .option("--no-upload", "only write it to files")
      .option("--bundle <file>", "write the Sigstore bundle to a file as well")
      .option("--output-signature <file>", "write a legacy signature in base64 to a file as well")
      .option("--output-payload <file>", "write what a legacy signature signs to a file as well");
  },
  async run(args, flags, io) {
    const references = args.map(parseReference);
    const files = [flags.bundle, flags.outputSignature, flags.outputPayload];
    const writesFiles = files.some((file) => file !== undefined);
    if (!flags.upload && !writesFiles) {
      throw new UsageError("Cannot sign without upload: name a file with --bundle");
    }
    if (writesFiles && references.length > 1) {
      throw new UsageError("Cannot write several signatures to one file: sign one image at a time");
    }
    const options = await signOptions(flags, io);
    return await withRegistries(flags, io, 4, async (remote) => {
      let failures = 0;
      for (const reference of references) {
        try {
          await signOne(remote, reference, options, flags, io);
        } catch (error) {
          if (io.signal.aborted) throw error;
          failures++;
          await io.stderr.write(`Error: ${(error as Error).message}\n`);
        }
      }
      return failures === 0 ? 0 : 1;
    });
  },
};

await runIfMain(import.meta.url, task);
