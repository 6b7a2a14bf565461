import type { Io } from "./io.ts";
import { runTask } from "./task.ts";
import { findTask, TASKS } from "./tasks.ts";

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

/** Run the task that the first words name, and give its exit code. */
export async function main(words: readonly string[], io: Io): Promise<number> {
  const [name] = words;
  if (name === undefined || ["help", "--help", "-h"].includes(name)) {
    await (name === undefined ? io.stderr : io.stdout).write(await helpText());
    return name === undefined ? 2 : 0;
  }
  const found = findTask(name === "--version" ? ["version"] : words);
  if (found === undefined) {
    await io.stderr.write(`Error: Cannot run "${name}": there is no such task\n\n`);
    await io.stderr.write(await helpText());
    return 2;
  }
  return await runTask((await found.load()).task, found.argv, io);
}
