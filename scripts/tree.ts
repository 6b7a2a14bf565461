#!/usr/bin/env node
import { Option } from "commander";
import { UsageError } from "../lib/base/errors.ts";
import { formatReference, formatRepository, parseReference } from "../lib/reference/reference.ts";
import { listChildren } from "../lib/registry/list_children.ts";
import { formatPlatform } from "../lib/registry/manifest.ts";
import { safeJson, safeText } from "../lib/report/safe_text.ts";
import { readAttachmentTree } from "../lib/signature/attachment_tree.ts";
import { signatureRepository } from "../lib/signature/store.ts";
import { findImage } from "./command/image.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  storeOptions,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { listDangling, type ShownTree, treeText } from "./command/tree_text.ts";

interface Flags extends RegistryFlags {
  readonly recursive?: boolean;
  readonly output: string;
  readonly experimentalOci11: boolean;
  readonly registryReferrersMode?: string;
}

/** cosign's words about whether referrers are shown. */
function showsReferrers({ experimentalOci11, registryReferrersMode: mode }: Flags): boolean {
  if (mode !== undefined && !["legacy", "oci-1-1"].includes(mode)) {
    throw new UsageError(`Cannot use referrers mode "${mode}": want legacy or oci-1-1`);
  }
  return experimentalOci11 || mode === "oci-1-1";
}

/** Show what belongs to an image. */
export const task: Task<Flags> = {
  name: "tree",
  summary: "Show the signatures, attestations, SBOMs and all else that belongs to an image",
  examples: [
    ["tree registry.example/app:1.0", "as cosign shows it, and what belongs to an SBOM too"],
    ["tree --recursive registry.example/app:1.0", "the images of an index as well"],
    ["tree --output json registry.example/app:1.0", "for a script"],
  ],
  ownFlags: ["output", "recursive"],
  define(command) {
    command
      .argument("<image>", "tag or digest of an image")
      .option("-r, --recursive", "of an index show every image in it as well")
      .option("-o, --output <format>", "text or json", "text")
      .addOption(new Option("--experimental-oci11").default(true).hideHelp())
      .addOption(new Option("--no-experimental-oci11", "leave out what refers to the image"))
      .addOption(new Option("--registry-referrers-mode <mode>").hideHelp());
    defineRegistryOptions(command);
  },
  async run([image = ""], flags, io) {
    const { recursive, output } = flags;
    if (output !== "text" && output !== "json") {
      throw new UsageError(`Cannot print as "${output}": want text or json`);
    }
    const reference = parseReference(image);
    const store = storeOptions(flags, io.env);
    const search = { referrers: showsReferrers(flags), tagPrefix: store.tagPrefix };
    return await withRegistries(flags, io, 8, async (remote) => {
      const { repository: home } = reference;
      const repository = signatureRepository(home, store);
      const { digest } = await findImage(remote, reference, "show");
      const children = recursive === true ? await listChildren(remote, home, digest) : [];
      const images = [
        { image, digest },
        ...children.map(({ digest, platform }) => ({
          image: formatReference({ repository: home, digest }) +
            (platform === undefined ? "" : ` (${safeText(formatPlatform(platform))})`),
          digest,
        })),
      ];
      const trees: ShownTree[] = [];
      for (const { image, digest } of images) {
        const tree = await readAttachmentTree({ remote, repository }, digest, search);
        trees.push({ image, repository, tree });
        for (const digest of listDangling(tree)) {
          const name = formatReference({ repository, digest });
          await io.stderr.write(`WARNING: ${name} is listed and does not exist\n`);
        }
        if (output === "text") await io.stdout.write(treeText(trees.at(-1)!));
      }
      if (output === "json") {
        const repositoryName = formatRepository(repository);
        const shown = trees.map(({ image, tree }) => ({ image, ...tree }));
        await io.stdout.write(`${safeJson({ repository: repositoryName, images: shown })}\n`);
      }
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
