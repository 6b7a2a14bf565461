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
import { isFatal } from "../lib/sign/is_fatal.ts";
import { signDigest } from "../lib/sign/sign_digest.ts";
import { signRecursive } from "../lib/sign/sign_recursive.ts";
import { rememberSignatures } from "../lib/sign/remember_signatures.ts";
import { signStatement, statementBundle } from "../lib/sign/sign_statement.ts";
import { toSigner } from "../lib/sign/key_signer.ts";
import type { SignOptions } from "../lib/sign/signing_job.ts";
import { buildClaim } from "../lib/signature/claim.ts";
import { certificatesPem } from "../lib/signature/material_annotations.ts";
import { buildOldBundle } from "../lib/signature/message_bundle.ts";
import { buildSignStatement } from "../lib/signature/statement.ts";
import type { Io } from "./command/io.ts";
import { withRegistries } from "./command/registry_options.ts";
import { defineSignOptions, type SignFlags, withSignOptions } from "./command/sign_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

type SigningOptions = Omit<SignOptions, "tags">;

interface Flags extends SignFlags {
  readonly upload: boolean;
  readonly bundle?: string;
  readonly outputSignature?: string;
  readonly outputPayload?: string;
  readonly outputCertificate?: string;
}

/** Write what was asked for into files: the bundle, or a legacy signature and what belongs to it. */
async function writeFiles(
  { repository }: Reference,
  { digest }: ResolvedManifest,
  { key, annotations, formats, dockerReference = formatRepository(repository) }: SigningOptions,
  flags: Flags,
  io: Io,
): Promise<void> {
  const write = async (file: string | undefined, bytes: Uint8Array, what: string) => {
    if (file === undefined) return;
    await writeFile(file, bytes);
    await io.stderr.write(`Wrote ${what} to file ${file}\n`);
  };
  const { bundle, outputSignature, outputPayload, outputCertificate } = flags;
  const payload = buildClaim(dockerReference, digest, annotations);
  await write(outputPayload, payload, "payload");
  const signer = toSigner(key);
  const old = !formats.includes("bundle");
  const legacy = outputSignature !== undefined || outputCertificate !== undefined ||
      old && bundle !== undefined
    ? await signer.sign({ kind: "payload", bytes: payload })
    : undefined;
  if (legacy !== undefined) {
    const { signature, material } = legacy;
    await write(outputSignature, encodeText(encodeBase64(signature)), "signature");
    const certificate = material.signer.kind === "certificate"
      ? certificatesPem([material.signer.certificate])
      : signer.publicKey?.pem ?? "";
    await write(outputCertificate, encodeText(certificate), "certificate");
    if (old) await write(bundle, buildOldBundle(signature, material), "bundle");
  }
  if (!old && bundle !== undefined) {
    const signed = await signStatement(signer, buildSignStatement(digest, annotations));
    await write(bundle, statementBundle(signed), "bundle");
  }
}

async function signOne(
  remote: Remote,
  reference: Reference,
  options: SigningOptions,
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
  summary: "Sign images, with a key or with an identity",
  examples: [
    ["sign --key cosign.key registry.example/app@sha256:…", "sign the image with this digest"],
    ["sign --key cosign.key -a env=prod registry.example/app:1.0", "sign an annotation with it"],
    ["sign --key cosign.key -r registry.example/app:1.0", "an index and every image in it"],
    [
      "sign --key cosign.key --format legacy registry.example/app:1.0",
      "for cosign 1 and 2, podman",
    ],
    ["sign registry.example/app@sha256:…", "without a key: as whoever the CI job is, or signs in"],
    [
      "sign --signing-config services.json --identity-token token.jwt registry.example/app:1.0",
      "without a key, with services of your own",
    ],
    [
      "sign --key cosign.key --tlog-upload registry.example/app:1.0",
      "with a key, and written into a transparency log",
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
      .option("--output-payload <file>", "write what a legacy signature signs to a file as well")
      .option("--output-certificate <file>", "write the certificate or key to a file as well");
  },
  async run(args, flags, io) {
    const references = args.map(parseReference);
    const files = [
      flags.bundle,
      flags.outputSignature,
      flags.outputPayload,
      flags.outputCertificate,
    ];
    const writesFiles = files.some((file) => file !== undefined);
    if (!flags.upload && !writesFiles) {
      throw new UsageError("Cannot sign without upload: name a file with --bundle");
    }
    if (writesFiles && references.length > 1) {
      throw new UsageError("Cannot write several signatures to one file: sign one image at a time");
    }
    return await withSignOptions(flags, io, (given) => {
      // A file and the registry get the same signature.
      const options = { ...given, key: rememberSignatures(toSigner(given.key)) };
      return withRegistries(flags, io, 4, async (remote) => {
        let failures = 0;
        for (const reference of references) {
          try {
            await signOne(remote, reference, options, flags, io);
          } catch (error) {
            if (io.signal.aborted || isFatal(error)) throw error;
            failures++;
            await io.stderr.write(`Error: ${(error as Error).message}\n`);
          }
        }
        return failures === 0 ? 0 : 1;
      });
    });
  },
};

await runIfMain(import.meta.url, task);
