import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { messageOf } from "../../lib/base/errors.ts";
import { safeText } from "../../lib/report/safe_text.ts";
import { defineGlobalOptions, withGlobalFlags } from "./global_flags.ts";
import { type Io, processIo, StoppedError } from "./io.ts";
import { rewriteArguments } from "./rewrite.ts";

/** A task as it is offered: its words, and what it does. */
export interface Task<Options = Record<string, unknown>> {
  /** As it is typed: `verify-fleet`. */
  readonly name: string;
  /** One line for the list of tasks. */
  readonly summary: string;
  /** Command lines with what each does, for `--help`. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /**
   * Flags that cosign's command has not. The variables that set them for others of its commands, as
   * COSIGN_KEY does, mean nothing to this one.
   */
  readonly ownFlags?: readonly string[];
  /** Declare arguments and options. */
  readonly define: (command: Command) => void;
  /** The exit code where it breaks off for what is no usage error; 1 unless told. */
  readonly brokenOff?: number;
  /** Do it, and give the exit code. */
  readonly run: (args: readonly string[], options: Options, io: Io) => Promise<number>;
}

/** What the command line or a file that it names holds is wrong: exit 2. */
const USAGE_CODES: ReadonlySet<unknown> = new Set([
  "USAGE",
  "REFERENCE_SYNTAX",
  "DIGEST_SYNTAX",
  "KEY",
  "PASSWORD",
  "CREDENTIALS",
]);

function formatExamples(examples: Task["examples"]): string {
  const shown = examples.map(([command, what]) => `  # ${what}\n  $ sigfleet ${command}`);
  return `\nExamples:\n${shown.join("\n\n")}`;
}

/** Run a task with the words after its name. Never throws, and never ends the process. */
export async function runTask<Options>(
  task: Task<Options>,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  const pending: Promise<void>[] = [];
  const command = new Command(`sigfleet ${task.name}`)
    .description(`${task.summary}.`)
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)")
    .configureOutput({
      writeOut: (text) => void pending.push(io.stdout.write(text)),
      writeErr: (text) => void pending.push(io.stderr.write(text)),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    });
  task.define(command);
  defineGlobalOptions(command);
  command.addHelpText("after", formatExamples(task.examples));
  try {
    const warn = (text: string): void => void pending.push(io.stderr.write(text));
    command.parse(rewriteArguments(command, argv, io.env, warn, task.ownFlags), { from: "user" });
    const options = command.opts();
    return await withGlobalFlags(
      options,
      io,
      (world) => task.run(command.args, options as Options, world),
    );
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    // Nobody reads on, which is no failure of ours to tell about.
    if ((error as { code?: unknown } | null)?.code === "EPIPE") return 1;
    await io.stderr.write(`Error: ${safeText(messageOf(error))}\n`);
    // As shells report a process that a signal ended.
    if (error instanceof StoppedError) return 130;
    return USAGE_CODES.has((error as { code?: unknown } | null)?.code) ? 2 : task.brokenOff ?? 1;
  } finally {
    await Promise.all(pending);
  }
}

/** Whether a module is what the process was started with. */
function isMain(moduleUrl: string): boolean {
  const started = process.argv[1];
  if (started === undefined) return false;
  try {
    return realpathSync(started) === fileURLToPath(moduleUrl);
  } catch {
    return false;
  }
}

/** Run a task if its module was started as a script of its own. */
export async function runIfMain<Options>(moduleUrl: string, task: Task<Options>): Promise<void> {
  if (isMain(moduleUrl)) process.exitCode = await runTask(task, process.argv.slice(2), processIo());
}
