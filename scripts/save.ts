#!/usr/bin/env node
import { parseReference } from "../lib/reference/reference.ts";
import { saveImage } from "../lib/signature/save_image.ts";
import { findImage } from "./command/image.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  storeOptions,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends RegistryFlags {
  readonly dir: string;
}

/** Save an image with all that belongs to it to a folder. */
export const task: Task<Flags> = {
  name: "save",
  summary: "Save an image with its signatures and all else that refers to it to a folder",
  examples: [
    ["save --dir ./app registry.example/app:1.0", "what verify --local-image and load read"],
  ],
  define(command) {
    command
      .argument("<image>", "tag or digest of an image")
      .requiredOption("--dir <folder>", "an OCI image layout is written there");
    defineRegistryOptions(command);
  },
  async run([image = ""], flags, io) {
    const reference = parseReference(image);
    const { repository, tagPrefix } = storeOptions(flags, io.env);
    return await withRegistries(flags, io, 8, async (remote) => {
      const { digest } = await findImage(remote, reference, "save");
      await saveImage({ remote, repository: reference.repository }, flags.dir, digest, {
        attachments: repository === undefined ? undefined : { remote, repository },
        tag: reference.tag,
        tagPrefix,
        clock: io.clock,
        random: Math.random,
        signal: io.signal,
      });
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
