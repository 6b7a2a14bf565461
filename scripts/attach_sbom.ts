#!/usr/bin/env node
import { Option } from "commander";
import { UsageError } from "../lib/base/errors.ts";
import { defineRegistryOptions, type RegistryFlags } from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

/** Say what to do instead: an SBOM attached in cosign's old way is signed by nobody. */
export const task: Task<RegistryFlags> = {
  name: "attach sbom",
  summary: "Not here: SBOMs attached so are unsigned; attest --type spdxjson instead",
  examples: [
    [
      "attest --key cosign.key --type spdxjson --predicate sbom.json registry.example/app:1.0",
      "an SBOM that is signed",
    ],
  ],
  define(command) {
    command.argument("[image]", "tag or digest of an image");
    for (
      const flag of [
        "--sbom <file>",
        "--type <type>",
        "--input-format <format>",
        "--registry-referrers-mode <mode>",
      ]
    ) {
      command.addOption(new Option(flag).hideHelp());
    }
    defineRegistryOptions(command);
  },
  run() {
    throw new UsageError(
      "Cannot attach an SBOM: attached so it is signed by nobody; " +
        "use attest --type spdxjson or --type cyclonedx with --predicate",
    );
  },
};

await runIfMain(import.meta.url, task);
