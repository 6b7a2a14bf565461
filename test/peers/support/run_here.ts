/** Our own tasks in this process, where what a process of its own would add is not what is tested. */

import { findTask } from "../../../scripts/command/tasks.ts";
import type { Finished } from "./run_program.ts";
import type { Sandbox } from "./sandbox.ts";
import { ours } from "./sigfleet.ts";

/** Run a task by its words, as `sigfleet` does; names of files must be whole. */
export async function runHere(
  { env }: Sandbox,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const { load, argv } = findTask(args)!;
  const { task } = await load();
  return await ours({ env: { ...env, ...more } }, task, argv);
}
