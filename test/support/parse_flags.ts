import { Command } from "commander";
import { rewriteBooleans, type Task } from "../../scripts/command/task.ts";

/** Read words as the command line of a task does, without running it. */
export function parseFlags<Options>(
  task: Task<Options>,
  argv: readonly string[],
): { readonly args: readonly string[]; readonly flags: Options } {
  const command = new Command(task.name).exitOverride().configureOutput({
    writeOut: () => {},
    writeErr: () => {},
  });
  task.define(command);
  command.parse(rewriteBooleans(command, argv), { from: "user" });
  return { args: command.args, flags: command.opts() as Options };
}
