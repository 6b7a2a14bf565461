#!/usr/bin/env node
import { decodeText } from "../lib/base/bytes.ts";
import { formatRepository, parseReference } from "../lib/reference/reference.ts";
import { buildClaim } from "../lib/signature/claim.ts";
import { collect, parseAnnotations } from "./command/annotations.ts";
import { findImage } from "./command/image.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends RegistryFlags {
  readonly annotations?: readonly string[];
}

/** Print what a legacy signature signs, for tools that make the signature themselves. */
export const task: Task<Flags> = {
  name: "generate",
  summary: "Print the payload that a legacy signature of an image signs",
  examples: [
    ["generate registry.example/app:1.0 > payload.json", "sign it elsewhere, and attach signature"],
    ["generate -a env=prod registry.example/app:1.0", "with an annotation"],
  ],
  define(command) {
    command
      .argument("<image>", "tag or digest of an image")
      .option("-a, --annotations <key=value>", "to be signed too; may be repeated", collect);
    defineRegistryOptions(command);
  },
  async run([image = ""], flags, io) {
    const reference = parseReference(image);
    const annotations = parseAnnotations(flags.annotations ?? []);
    return await withRegistries(flags, io, 1, async (remote) => {
      const digest = reference.digest ?? (await findImage(remote, reference, "sign")).digest;
      const payload = buildClaim(formatRepository(reference.repository), digest, annotations);
      await io.stdout.write(decodeText(payload));
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
