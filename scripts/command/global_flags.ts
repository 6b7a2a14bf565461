/** Flags that every task has, as every command of cosign's (cmd/cosign/cli/options/root.go). */

import { type FileHandle, open } from "node:fs/promises";
import type { Command } from "commander";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import { parseDuration } from "./duration.ts";
import type { Io } from "./io.ts";

interface GlobalFlags {
  readonly outputFile?: string;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly verbose?: boolean;
}

/** Declare them. */
export function defineGlobalOptions(command: Command): void {
  command
    .option("--output-file <file>", "write to a file what goes to standard output")
    .option("-t, --timeout <duration>", "give up after this time, as in 3m", parseDuration)
    .option("-d, --verbose", "tell of each HTTP exchange on standard error");
}

async function createFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "w");
  } catch (error) {
    throw new UsageError(`Cannot create output file ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Do a task's work in the world that the flags make of `io`.
 *
 * @throws {UsageError} if the output file cannot be created
 */
export async function withGlobalFlags(
  { outputFile, timeout, verbose }: GlobalFlags,
  io: Io,
  work: (io: Io) => Promise<number>,
): Promise<number> {
  const file = outputFile === undefined ? undefined : await createFile(outputFile);
  const done = new AbortController();
  const late = new AbortController();
  if (timeout !== undefined) {
    const giveUp = (): void => late.abort(new Error(`Gave up after ${timeout / 1000} s`));
    io.clock.sleep(timeout, done.signal).then(giveUp, () => {});
  }
  try {
    return await work({
      ...io,
      ...(file === undefined ? {} : {
        stdout: {
          isTTY: false,
          columns: undefined,
          write: async (text) => void await file.write(text),
        },
      }),
      ...(timeout === undefined ? {} : { signal: AbortSignal.any([io.signal, late.signal]) }),
      ...(verbose === true ? { log: (line) => void io.stderr.write(`${line}\n`) } : {}),
    });
  } catch (error) {
    // What it was at when the time was over is beside the point.
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    done.abort();
    await file?.close();
  }
}
