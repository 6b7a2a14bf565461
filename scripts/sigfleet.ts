#!/usr/bin/env node
/** The command: lists the tasks, and runs the one that is named. */

import process from "node:process";
import { VERSION } from "../lib/base/version.ts";
import { type Io, processIo } from "./command/io.ts";
import { runTask, type Task } from "./command/task.ts";

// Options differ from task to task; each takes its own back.
// deno-lint-ignore no-explicit-any
type AnyTask = Task<any>;

/** The tasks, each loaded only when it is run. */
const TASKS: Readonly<Record<string, () => Promise<{ readonly task: AnyTask }>>> = {
  "sign-tags": () => import("./sign_tags.ts"),
  "verify-fleet": () => import("./verify_fleet.ts"),
  "sign": () => import("./sign.ts"),
  "verify": () => import("./verify.ts"),
  "triangulate": () => import("./triangulate.ts"),
  "generate-key-pair": () => import("./generate_key_pair.ts"),
  "demo": () => import("./demo.ts"),
};

async function helpText(): Promise<string> {
  const width = Math.max(...Object.keys(TASKS).map((name) => name.length));
  const lines: string[] = [];
  for (const [name, load] of Object.entries(TASKS)) {
    lines.push(`  ${name.padEnd(width)}  ${(await load()).task.summary}`);
  }
  return [
    "Sign and verify container images, whole repositories and fleets.",
    "",
    "Usage: sigfleet TASK [ARGUMENT…]",
    "",
    "Tasks:",
    ...lines,
    "",
    "sigfleet TASK --help tells more, with examples. Exit codes of fleet tasks: 0 all is well,",
    "1 images failed or unsigned, 2 usage, 3 it could not be told of some.",
    "",
  ].join("\n");
}

async function main([name, ...argv]: readonly string[], io: Io): Promise<number> {
  if (name === undefined || ["help", "--help", "-h"].includes(name)) {
    await (name === undefined ? io.stderr : io.stdout).write(await helpText());
    return name === undefined ? 2 : 0;
  }
  if (name === "version" || name === "--version") {
    await io.stdout.write(`sigfleet ${VERSION} (${io.runtime})\n`);
    return 0;
  }
  const load = Object.hasOwn(TASKS, name) ? TASKS[name] : undefined;
  if (load === undefined) {
    await io.stderr.write(`Error: Cannot run "${name}": there is no such task\n\n`);
    await io.stderr.write(await helpText());
    return 2;
  }
  return await runTask((await load()).task, argv, io);
}

process.exitCode = await main(process.argv.slice(2), processIo());
