import { runTask, type Task } from "../../scripts/command/task.ts";
import { createFakeIo } from "./fake_io.ts";

/** What a task is given to work on. */
export interface Parsed<Options> {
  readonly args: readonly string[];
  readonly flags: Options;
}

/** Read words as the command line of a task does, without doing the task. */
export async function parseFlags<Options>(
  task: Task<Options>,
  argv: readonly string[],
): Promise<Parsed<Options>> {
  const parsed: Parsed<Options>[] = [];
  const io = createFakeIo();
  const run: Task<Options>["run"] = (args, flags) => {
    parsed.push({ args, flags });
    return Promise.resolve(0);
  };
  await runTask({ ...task, run }, argv, io);
  const [first] = parsed;
  if (first === undefined) throw new Error(io.written.stderr);
  return first;
}
