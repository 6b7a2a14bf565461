#!/usr/bin/env node
import { UsageError } from "../lib/base/errors.ts";
import { formatReference, parseReference } from "../lib/reference/reference.ts";
import { uploadFile } from "../lib/registry/upload_file.ts";
import { openFileBlob } from "./command/file_blob.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends RegistryFlags {
  readonly file: string;
}

/** cosign's media types of a WebAssembly module (pkg/types/media.go of 3.1.3). */
const LAYER_TYPE = "application/vnd.wasm.content.layer.v1+wasm";
const CONFIG_TYPE = "application/vnd.wasm.config.v1+json";

/** Put a WebAssembly module into a registry, as an image of one layer. */
export const task: Task<Flags> = {
  name: "upload wasm",
  summary: "Upload a WebAssembly module to a registry",
  examples: [["upload wasm -f filter.wasm registry.example/filter:1.0", "under this tag"]],
  define(command) {
    command
      .argument("<image>", "the tag to upload to; latest unless told")
      .requiredOption("-f, --file <file>", "the module");
    defineRegistryOptions(command);
  },
  async run([image = ""], flags, io) {
    const reference = parseReference(image);
    const { repository, tag } = reference;
    if (tag === undefined) {
      throw new UsageError(`Cannot upload to ${image}: a digest cannot be chosen; name a tag`);
    }
    const blob = await openFileBlob(flags.file);
    await io.stderr.write(
      `Uploading wasm file from [${flags.file}] to [${formatReference(reference)}].\n`,
    );
    return await withRegistries(flags, io, 1, async (remote) => {
      const file = { ...blob, mediaType: LAYER_TYPE };
      await uploadFile(remote, repository, file, tag, {
        annotations: {},
        configMediaType: CONFIG_TYPE,
      });
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
