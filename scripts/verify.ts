#!/usr/bin/env node
import {
  type CosignVerifyFlags,
  defineCosignVerifyOptions,
} from "./command/cosign_verify_options.ts";
import { defineLocalOption, type SubjectFlags } from "./command/subjects.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { verifyImages } from "./command/verify_images.ts";

type Flags = CosignVerifyFlags & SubjectFlags;

/** Verify images one by one, as `cosign verify` does; every one of them is tried. */
export const task: Task<Flags> = {
  name: "verify",
  summary: "Verify images, with cosign's output and exit codes",
  examples: [
    ["verify --key cosign.pub registry.example/app:1.0", "print the signed claims as JSON"],
    ["verify --key cosign.pub -a env=prod registry.example/app@sha256:…", "ask for an annotation"],
    ["verify --key cosign.pub --local-image ./app", "verify what save wrote, without a registry"],
  ],
  define(command) {
    command.argument("<image...>", "tags or digests of images, or folders");
    defineCosignVerifyOptions(command);
    defineLocalOption(command);
  },
  async run(args, flags, io) {
    return await verifyImages(args, flags, io);
  },
};

await runIfMain(import.meta.url, task);
