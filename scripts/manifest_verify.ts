#!/usr/bin/env node
import { MalformedError, UsageError } from "../lib/base/errors.ts";
import { manifestImages } from "../lib/fleet/manifest_images.ts";
import {
  type CosignVerifyFlags,
  defineCosignVerifyOptions,
} from "./command/cosign_verify_options.ts";
import { type NamedImage, readNamingFile, verifyNamed } from "./command/named_images.ts";
import { runIfMain, type Task } from "./command/task.ts";

function imagesOf(file: string, text: string): NamedImage[] {
  try {
    return manifestImages(text).map(({ image, document, path }) => ({
      image,
      where: `${file}: document ${document + 1}: ${path}`,
    }));
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new UsageError(`${error.message} (${file})`, { cause: error });
  }
}

/** Verify every image that Kubernetes manifests name. */
export const task: Task<CosignVerifyFlags> = {
  name: "manifest verify",
  summary: "Verify the images that Kubernetes manifests name",
  examples: [
    [
      "manifest verify --key cosign.pub deployment.yaml",
      "every container's image, and image volumes",
    ],
    ["manifest verify --key cosign.pub -", "what helm template or kustomize build prints"],
  ],
  define(command) {
    command.argument("<file...>", "YAML or JSON of any number of documents; - is standard input");
    defineCosignVerifyOptions(command);
  },
  async run(args, flags, io) {
    const named: NamedImage[] = [];
    for (const file of args) named.push(...imagesOf(file, await readNamingFile(file, io)));
    return await verifyNamed(named, "manifest", flags, io);
  },
};

await runIfMain(import.meta.url, task);
