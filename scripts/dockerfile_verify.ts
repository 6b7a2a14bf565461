#!/usr/bin/env node
import process from "node:process";
import { type Command, Option } from "commander";
import { MalformedError, UsageError } from "../lib/base/errors.ts";
import { type DockerfileImages, dockerfileImages } from "../lib/fleet/dockerfile_images.ts";
import { collect } from "./command/annotations.ts";
import {
  type CosignVerifyFlags,
  defineCosignVerifyOptions,
} from "./command/cosign_verify_options.ts";
import type { Io } from "./command/io.ts";
import { readNamingFile, verifyNamed } from "./command/named_images.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends CosignVerifyFlags {
  readonly baseImageOnly?: boolean;
  readonly buildArg?: readonly string[];
}

/** What docker calls the machine's architectures, where Node has another name. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** `NAME=value`, or `NAME` for what the environment says, as docker build takes them. */
function buildArgs(words: readonly string[], env: Io["env"]): Record<string, string> {
  return Object.fromEntries(words.flatMap((word) => {
    const equals = word.indexOf("=");
    const name = equals === -1 ? word : word.slice(0, equals);
    if (name === "") throw new UsageError(`Cannot use --build-arg "${word}": want NAME=value`);
    const value = equals === -1 ? env[name] : word.slice(equals + 1);
    return value === undefined ? [] : [[name, value]];
  }));
}

function imagesOf(file: string, text: string, flags: Flags, io: Io): DockerfileImages {
  try {
    return dockerfileImages(text, {
      buildArgs: buildArgs(flags.buildArg ?? [], io.env),
      platform: `linux/${ARCHITECTURES[process.arch] ?? process.arch}`,
    });
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new UsageError(`${error.message} (${file})`, { cause: error });
  }
}

/** Verify every image that a Dockerfile builds on. */
export const task: Task<Flags> = {
  name: "dockerfile verify",
  summary: "Verify the images that a Dockerfile builds on",
  examples: [
    [
      "dockerfile verify --key cosign.pub Dockerfile",
      "of every stage, COPY --from and RUN --mount",
    ],
    [
      "dockerfile verify --key cosign.pub --build-arg VERSION=3 --base-image-only Dockerfile",
      "only what the last stage is built on",
    ],
  ],
  define(command: Command) {
    command
      .argument("<file>", "a Dockerfile; - is standard input")
      .option("--base-image-only", "only the image that the last stage is built on")
      .addOption(
        new Option("--build-arg <name=value>", "as for docker build; may be repeated")
          .argParser(collect),
      );
    defineCosignVerifyOptions(command);
  },
  async run([file = ""], flags, io) {
    const { images, base } = imagesOf(file, await readNamingFile(file, io), flags, io);
    const wanted = flags.baseImageOnly === true ? (base === undefined ? [] : [base]) : images;
    const named = wanted.map(({ image, line }) => ({ image, where: `${file}:${line}` }));
    return await verifyNamed(named, "Dockerfile", flags, io);
  },
};

await runIfMain(import.meta.url, task);
