#!/usr/bin/env node
import { parseReference } from "../lib/reference/reference.ts";
import {
  type CosignVerifyFlags,
  defineCosignVerifyOptions,
} from "./command/cosign_verify_options.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { verifyImages } from "./command/verify_images.ts";

/** Verify images one by one, as `cosign verify` does; every one of them is tried. */
export const task: Task<CosignVerifyFlags> = {
  name: "verify",
  summary: "Verify images, with cosign's output and exit codes",
  examples: [
    ["verify --key cosign.pub registry.example/app:1.0", "print the signed claims as JSON"],
    ["verify --key cosign.pub -a env=prod registry.example/app@sha256:…", "ask for an annotation"],
  ],
  define(command) {
    command.argument("<image...>", "tags or digests of images");
    defineCosignVerifyOptions(command);
  },
  async run(args, flags, io) {
    return await verifyImages(args.map(parseReference), flags, io);
  },
};

await runIfMain(import.meta.url, task);
