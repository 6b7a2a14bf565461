#!/usr/bin/env node
import { UsageError } from "../lib/base/errors.ts";
import {
  formatReference,
  formatRepository,
  parseReference,
  type Reference,
  type Repository,
} from "../lib/reference/reference.ts";
import { listChildren } from "../lib/registry/list_children.ts";
import type { Remote } from "../lib/registry/remote.ts";
import type { ResolvedManifest } from "../lib/registry/resolve_digest.ts";
import { isFatal } from "../lib/sign/is_fatal.ts";
import { toSigner } from "../lib/sign/key_signer.ts";
import { rememberSignatures } from "../lib/sign/remember_signatures.ts";
import { signDigest } from "../lib/sign/sign_digest.ts";
import { signRecursive } from "../lib/sign/sign_recursive.ts";
import type { SignOptions } from "../lib/sign/signing_job.ts";
import { signatureRepository } from "../lib/signature/store.ts";
import { findImage } from "./command/image.ts";
import type { Io } from "./command/io.ts";
import { locateSbom } from "./command/locate_sbom.ts";
import { withRegistries } from "./command/registry_options.ts";
import {
  filesOf,
  isAbout,
  outputFiles,
  readSignPayload,
  type SignFileFlags,
  writeSignFiles,
} from "./command/sign_files.ts";
import {
  defineSignOptions,
  parseFormats,
  type SignFlags,
  withSignOptions,
} from "./command/sign_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends SignFlags, SignFileFlags {
  readonly upload: boolean;
  readonly attachment?: string;
}

/** Find what is to be signed: the image, or the SBOM that is kept beside it. */
async function locate(
  remote: Remote,
  given: Reference,
  { store = {} }: Pick<SignOptions, "store">,
  { attachment }: Flags,
): Promise<{ readonly reference: Reference; readonly subject: ResolvedManifest }> {
  const reference = attachment === undefined ? given : await locateSbom(remote, given, store);
  return { reference, subject: await findImage(remote, reference, "sign") };
}

/** Write the files that were asked for, of an index with its images those of each. */
async function writeFiles(
  remote: Remote,
  image: Repository,
  subject: ResolvedManifest,
  options: Omit<SignOptions, "tags">,
  flags: Flags,
  io: Io,
): Promise<void> {
  if (outputFiles(flags).length === 0) return;
  if (flags.recursive !== true) return await writeSignFiles(image, subject, options, flags, io);
  for (const one of [...await listChildren(remote, image, subject.digest), subject]) {
    await writeSignFiles(image, one, options, filesOf(flags, one.digest), io);
  }
}

async function signOne(
  remote: Remote,
  given: Reference,
  options: Omit<SignOptions, "tags">,
  flags: Flags,
  io: Io,
): Promise<void> {
  const { reference, subject } = await locate(remote, given, options, flags);
  const { repository, tag } = reference;
  if (given.tag !== undefined && tag !== undefined) {
    await io.stderr.write(
      `WARNING: ${
        formatReference(reference)
      } is a tag, and may name another image than you mean; ` +
        `signing ${subject.digest}\n`,
    );
  }
  if (options.payload !== undefined && !isAbout(options.payload, subject.digest)) {
    await io.stderr.write(
      `WARNING: the payload makes no claim about ${subject.digest}, and will not be verified\n`,
    );
  }
  await writeFiles(remote, repository, subject, options, flags, io);
  if (!flags.upload) return;
  const store = signatureRepository(repository, options.store ?? {});
  await io.stderr.write(`Pushing signature to: ${formatRepository(store)}\n`);
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
      .option("--output-certificate <file>", "write the certificate, or with a key the public key")
      .option("--payload <file>", "sign this, in the legacy format, instead of cosign's claim")
      .option("--attachment <kind>", "sbom: sign the image's old-style SBOM, and not the image");
  },
  async run(args, flags, io) {
    const references = args.map(parseReference);
    const writesFiles = outputFiles(flags).length > 0;
    if (!flags.upload && !writesFiles) {
      throw new UsageError("Cannot sign without upload: name a file with --bundle");
    }
    if (writesFiles && references.length > 1) {
      throw new UsageError("Cannot write several signatures to one file: sign one image at a time");
    }
    if (flags.attachment !== undefined && flags.attachment !== "sbom") {
      throw new UsageError(`Cannot sign attachment "${flags.attachment.slice(0, 40)}": want sbom`);
    }
    const images = references.length > 1 || flags.recursive === true ? "several" : "one";
    const payload = await readSignPayload(flags, parseFormats(flags), images, io);
    return await withSignOptions(flags, io, (given) => {
      // A file and the registry get the same signature.
      const options = { ...given, payload, key: rememberSignatures(toSigner(given.key)) };
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
