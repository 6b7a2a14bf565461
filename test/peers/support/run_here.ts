/** Our own tasks in this process, where what a process of its own would add is not what is tested. */

import type { Io } from "../../../scripts/command/io.ts";
import { findTask } from "../../../scripts/command/tasks.ts";
import type { Finished } from "./run_program.ts";
import type { Sandbox } from "./sandbox.ts";
import { ours } from "./sigfleet.ts";

/** What is different from a task in a test: more in the environment, or time as it is. */
export interface HereOptions extends Partial<Pick<Io, "clock">> {
  readonly env?: Readonly<Record<string, string>>;
}

/** Run a task by its words, as `sigfleet` does; names of files must be whole, and nothing waits. */
export async function runHere(
  sandbox: Sandbox,
  args: readonly string[],
  { env, ...io }: HereOptions = {},
): Promise<Finished> {
  const { load, argv } = findTask(args)!;
  const { task } = await load();
  return await ours({ env: { ...sandbox.env, ...env } }, task, argv, io);
}
