/** Our own tasks in this process, where what a process of its own would add is not what is tested. */

import { runTask } from "../../../scripts/command/task.ts";
import { findTask } from "../../../scripts/command/tasks.ts";
import { createFakeIo } from "../../support/fake_io.ts";
import type { Finished } from "./run_program.ts";
import type { Sandbox } from "./sandbox.ts";

/** Run a task; files in `args` are named in full, since this process stays in its own folder. */
export async function runHere(
  { env }: Sandbox,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const { load, argv } = findTask(args)!;
  const { task } = await load();
  const io = createFakeIo({ env: { ...env, ...more } });
  const code = await runTask(task, argv, io);
  return { code, ...io.written };
}
