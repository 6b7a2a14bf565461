#!/usr/bin/env node
import { saveImage } from "../lib/signature/save_image.ts";
import { findImage } from "./command/image.ts";
import { defineFolderOptions, type FolderFlags, withSavedImage } from "./command/saved_image.ts";
import { runIfMain, type Task } from "./command/task.ts";

/** Save an image with all that belongs to it to a folder. */
export const task: Task<FolderFlags> = {
  name: "save",
  summary: "Save an image with its signatures and all else that refers to it to a folder",
  examples: [
    ["save --dir ./app registry.example/app:1.0", "what verify --local-image and load read"],
  ],
  define(command) {
    command.argument("<image>", "tag or digest of an image");
    defineFolderOptions(command, "an OCI image layout is written there");
  },
  async run([image = ""], flags, io) {
    return await withSavedImage(image, flags, io, async (source, reference, options) => {
      const { digest } = await findImage(source.remote, reference, "save");
      await saveImage(source, flags.dir, digest, options);
    });
  },
};

await runIfMain(import.meta.url, task);
