#!/usr/bin/env node
import process from "node:process";
import { VERSION } from "../lib/base/version.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly json?: boolean;
}

/** Go's names of architectures, where Node has others. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** Say which version this is, in cosign's form; what is Go's there is the runtime's here. */
export const task: Task<Flags> = {
  name: "version",
  summary: "Print the version",
  examples: [["version --json", "for scripts: .gitVersion and .platform, as cosign has them"]],
  define(command) {
    command.option("--json", "print JSON instead of text");
  },
  async run(_args, { json }, io) {
    const platform = `${process.platform}/${ARCHITECTURES[process.arch] ?? process.arch}`;
    const gitVersion = `v${VERSION}`;
    await io.stdout.write(
      json === true
        ? `${JSON.stringify({ gitVersion, runtime: io.runtime, platform }, null, 2)}\n`
        : `sigfleet: sign and verify container images, whole repositories and fleets\n\n` +
          `GitVersion:    ${gitVersion}\nRuntime:       ${io.runtime}\nPlatform:      ${platform}\n`,
    );
    return 0;
  },
};

await runIfMain(import.meta.url, task);
