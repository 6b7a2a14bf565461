#!/usr/bin/env node
import { loadImage } from "../lib/signature/load_image.ts";
import { defineFolderOptions, type FolderFlags, withSavedImage } from "./command/saved_image.ts";
import { runIfMain, type Task } from "./command/task.ts";

/** Load an image with all that belongs to it from a folder. */
export const task: Task<FolderFlags> = {
  name: "load",
  summary: "Load what save wrote to a folder into a registry",
  examples: [
    ["load --dir ./app mirror.example/app:1.0", "the image, its signatures and all else"],
  ],
  define(command) {
    command.argument("<image>", "tag or digest that the image gets, in a repository of any name");
    defineFolderOptions(command, "an OCI image layout with one image in it");
  },
  async run([image = ""], flags, io) {
    return await withSavedImage(image, flags, io, async (target, { digest }, options) => {
      await loadImage(flags.dir, target, { ...options, digest });
    });
  },
};

await runIfMain(import.meta.url, task);
