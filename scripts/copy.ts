#!/usr/bin/env node
import { Option } from "commander";
import { UsageError } from "../lib/base/errors.ts";
import type { Digest } from "../lib/reference/digest.ts";
import { formatReference, parseReference } from "../lib/reference/reference.ts";
import type { AttachmentKind } from "../lib/reference/triangulate.ts";
import type { Place } from "../lib/registry/copy_manifest.ts";
import { fetchManifest } from "../lib/registry/fetch_manifest.ts";
import { formatPlatform, parseChildren } from "../lib/registry/manifest.ts";
import { copyImage } from "../lib/signature/copy_image.ts";
import { ATTACHMENT_KINDS } from "../lib/signature/list_attachments.ts";
import { signatureRepository } from "../lib/signature/store.ts";
import { collect } from "./command/annotations.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  storeOptions,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends RegistryFlags {
  readonly only?: readonly string[];
  readonly sigOnly?: boolean;
  readonly force?: boolean;
  readonly platform?: string;
}

/** What `--only` names; `undefined` where everything is to be copied. */
function parseOnly({ only = [], sigOnly }: Flags): readonly AttachmentKind[] | undefined {
  const words = [
    ...only.flatMap((value) => value.split(",")),
    ...(sigOnly === true ? ["sig"] : []),
  ];
  if (words.length === 0) return undefined;
  const wrong = words.find((word) => !(ATTACHMENT_KINDS as readonly string[]).includes(word));
  if (wrong !== undefined) {
    throw new UsageError(
      `Cannot copy only "${wrong}": want sig, att or sbom, or several with commas`,
    );
  }
  return ATTACHMENT_KINDS.filter((kind) => words.includes(kind));
}

/** The digest to copy: what the name stands for, or the image for one platform in it. */
async function resolveSource(
  { remote, repository }: Place,
  name: string,
  reference: string,
  platform: string | undefined,
): Promise<Digest> {
  const root = await fetchManifest(remote, repository, reference);
  if (root === undefined) throw new Error(`Cannot copy ${name}: no such image`);
  if (platform === undefined) return root.digest;
  const children = parseChildren(root.bytes);
  if (children.length === 0) {
    throw new Error(`Cannot copy ${name} for ${platform}: it is one image for one platform`);
  }
  // Without a variant any will do, as with cosign.
  const child = children.find(({ platform: found }) => {
    const text = found === undefined ? "" : formatPlatform(found);
    return text === platform || text.startsWith(`${platform}/`);
  });
  if (child !== undefined) return child.digest;
  const known = children.flatMap((one) => one.platform === undefined ? [] : [one.platform])
    .map(formatPlatform);
  throw new Error(`Cannot copy ${name} for ${platform}: it has ${known.join(", ")}`);
}

/** Copy an image with all that belongs to it. */
export const task: Task<Flags> = {
  name: "copy",
  summary: "Copy an image with its signatures and everything else that refers to it",
  examples: [
    ["copy registry.example/app:1.0 mirror.example/app:1.0", "copy the image and its signatures"],
    ["copy --only=sig registry.example/app:1.0 mirror.example/app", "copy the signatures only"],
    [
      "copy --platform=linux/amd64 registry.example/app:1.0 mirror.example/app:1.0",
      "copy the image for one platform, with its own signatures",
    ],
  ],
  define(command) {
    command
      .argument("<source>", "tag or digest of an image")
      .argument("<target>", "tag to copy it to")
      .option("--only <kinds>", "sig, att, sbom, or several with commas", collect)
      .addOption(new Option("--sig-only").hideHelp())
      .option("-f, --force", "write over tags of the target that name something else")
      .option("--platform <os/arch>", "of an index, copy the image for this platform");
    defineRegistryOptions(command);
  },
  async run([from = "", to = ""], flags, io) {
    const only = parseOnly(flags);
    const [source, target] = [parseReference(from), parseReference(to)];
    const store = storeOptions(flags, io.env);
    return await withRegistries(flags, io, 8, async (remote) => {
      const place = { remote, repository: source.repository };
      const digest = await resolveSource(
        place,
        formatReference(source),
        source.digest ?? source.tag!,
        flags.platform,
      );
      if (target.digest !== undefined && target.digest !== digest) {
        throw new UsageError(
          `Cannot copy ${formatReference(source)} to ${to}: its digest is ${digest}`,
        );
      }
      await copyImage(place, { remote, repository: target.repository }, digest, {
        attachments: { remote, repository: signatureRepository(source.repository, store) },
        // With one repository for all signatures, the copy's are beside it, as with cosign.
        attachmentsTo: {
          remote,
          repository: store.repositoryFor?.(target.repository) ?? target.repository,
        },
        tag: target.tag,
        only,
        force: flags.force,
        tagPrefix: store.tagPrefix,
        clock: io.clock,
        random: Math.random,
        onCopy: (source, target) => io.stderr.write(`Copying ${source} to ${target}...\n`),
      });
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
