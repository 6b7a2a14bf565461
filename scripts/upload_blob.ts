#!/usr/bin/env node
import { type Command, Option } from "commander";
import { UsageError } from "../lib/base/errors.ts";
import { formatReference, formatRepository, parseReference } from "../lib/reference/reference.ts";
import { formatPlatform, type Platform } from "../lib/registry/manifest.ts";
import {
  type UploadedFile,
  uploadFile,
  uploadIndex,
  type UploadOptions,
} from "../lib/registry/upload_file.ts";
import { collect, parseAnnotations } from "./command/annotations.ts";
import { openFileBlob } from "./command/file_blob.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends RegistryFlags {
  readonly files: readonly string[];
  readonly ct?: string;
  readonly annotation?: readonly string[];
  readonly compat?: string;
}

/** A file as it is named on the command line. */
interface NamedFile {
  readonly path: string;
  readonly platform?: Platform;
}

/** Read `FILE`, `FILE:OS` or `FILE:OS/ARCH[/VARIANT]`. */
function parseFile(text: string): NamedFile {
  const [, path, os, architecture = "", variant] =
    /^(.+):([a-z0-9]+)(?:\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?)?$/u.exec(text) ?? [];
  if (path === undefined || os === undefined) return { path: text };
  return { path, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
}

/** Several files make one index, from which each is chosen by its platform. */
function assertPlatforms(files: readonly NamedFile[]): void {
  const seen = new Set<string>();
  for (const { path, platform } of files) {
    const name = platform === undefined ? undefined : formatPlatform(platform);
    if (name !== undefined && !seen.has(name)) {
      seen.add(name);
      continue;
    }
    throw new UsageError(
      `Cannot upload ${path}: each of several files must have a platform of its own, and this has ` +
        `${name === undefined ? "none" : `${name} like another`}; want FILE:OS/ARCH`,
    );
  }
}

function defineUploadOptions(command: Command): void {
  command
    .requiredOption("-f, --files <file[:os/arch]>", "file to upload; may be repeated", collect)
    .option("--ct <type>", "media type of the layer, instead of what the content looks like")
    .option("-a, --annotation <key=value>", "annotation of the manifest; may be repeated", collect)
    .addOption(
      new Option("--compat <version>", "write the manifest as cosign 1.3 did, for digests of then")
        .choices(["1.3"]),
    );
  defineRegistryOptions(command);
}

/** Put files into a registry, as images of one layer. */
export const task: Task<Flags> = {
  name: "upload blob",
  summary: "Upload files to a registry",
  examples: [
    ["upload blob -f artefact registry.example/artefact", "print the digest to sign"],
    [
      "upload blob -f tool-linux:linux/amd64 -f tool-mac:darwin/arm64 registry.example/tool:1.0",
      "several files under one tag",
    ],
  ],
  define(command) {
    command.argument("<image>", "the tag to upload to; latest unless told");
    defineUploadOptions(command);
  },
  async run([image = ""], flags, io) {
    const reference = parseReference(image);
    const { repository, tag } = reference;
    if (tag === undefined) {
      throw new UsageError(`Cannot upload to ${image}: a digest cannot be chosen; name a tag`);
    }
    const files = flags.files.flatMap((value) => value.split(",")).map(parseFile);
    if (files.length > 1) assertPlatforms(files);
    const options: UploadOptions = {
      annotations: parseAnnotations(flags.annotation ?? []),
      compat13: flags.compat !== undefined,
    };
    const name = formatReference(reference);
    return await withRegistries(flags, io, 4, async (remote) => {
      const uploaded: UploadedFile[] = [];
      for (const { path, platform } of files) {
        const blob = await openFileBlob(path);
        const mediaType = flags.ct ?? blob.contentType;
        await io.stderr.write(
          `Uploading file from [${path}] to [${name}] with media type [${mediaType}]\n`,
        );
        const file = { ...blob, mediaType };
        // The tag must not name one part while the others are under way.
        const ownTag = files.length > 1 ? undefined : tag;
        const descriptor = await uploadFile(remote, repository, file, ownTag, options);
        uploaded.push({ descriptor, ...(platform === undefined ? {} : { platform }) });
        const { registry, path: repositoryPath } = repository;
        await io.stderr.write(
          `File [${path}] is available directly at ` +
            `[${registry}/v2/${repositoryPath}/blobs/${blob.digest}]\n`,
        );
      }
      if (files.length === 1) {
        await io.stderr.write("Uploaded image to:\n");
        await io.stdout.write(
          `${formatRepository(repository)}@${uploaded[0]!.descriptor.digest}\n`,
        );
        return 0;
      }
      const parts = uploaded as readonly Required<UploadedFile>[];
      const { digest } = await uploadIndex(remote, repository, parts, tag, options);
      await io.stderr.write(
        `Uploading multi-platform index to ${formatRepository(repository)}@${digest}\n`,
      );
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
