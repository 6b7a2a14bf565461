#!/usr/bin/env node
import { parseReference } from "../lib/reference/reference.ts";
import { loadImage } from "../lib/signature/load_image.ts";
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

/** Load an image with all that belongs to it from a folder. */
export const task: Task<Flags> = {
  name: "load",
  summary: "Load what save wrote to a folder into a registry",
  examples: [
    ["load --dir ./app mirror.example/app:1.0", "the image, its signatures and all else"],
  ],
  define(command) {
    command
      .argument("<image>", "tag or digest that the image gets, in a repository of any name")
      .requiredOption("--dir <folder>", "an OCI image layout with one image in it");
    defineRegistryOptions(command);
  },
  async run([image = ""], flags, io) {
    const reference = parseReference(image);
    const { repository, tagPrefix } = storeOptions(flags, io.env);
    return await withRegistries(flags, io, 8, async (remote) => {
      await loadImage(flags.dir, { remote, repository: reference.repository }, {
        attachments: repository === undefined ? undefined : { remote, repository },
        tag: reference.tag,
        digest: reference.digest,
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
