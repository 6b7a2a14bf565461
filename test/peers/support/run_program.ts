/** Other programs, run to their end or until a test is over. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** How to start a program. Nothing of this process's environment is handed on. */
export interface ProgramOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What it reads from standard input; that is empty and closed unless told. */
  readonly input?: string;
}

/** What a program left behind. */
export interface Finished {
  /** The exit code; null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs until it is stopped. */
export interface Running {
  readonly pid: number;
  /** Whether it has not ended by itself. */
  isAlive(): boolean;
  /** What it wrote to standard error by now. */
  stderr(): string;
  /** End it, and wait until it is gone. */
  stop(): Promise<void>;
}

/** Longer than any exchange on loopback takes; the test's own timeout is behind it. */
const PROGRAM_TIMEOUT = 50_000;

/** What a server is given to end in peace. */
const STOP_TIMEOUT = 2_000;

/** Run a program to its end. */
export async function runProgram(
  path: string,
  args: readonly string[],
  { env, cwd, input = "" }: ProgramOptions,
): Promise<Finished> {
  const child = spawn(path, args, { env, cwd, stdio: ["pipe", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => output[name] += text);
  }
  // A program that does not read its input may be gone before all of it is written.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const timer = setTimeout(() => child.kill("SIGKILL"), PROGRAM_TIMEOUT);
  try {
    const [code] = await once(child, "close") as [number | null];
    return { code, ...output };
  } finally {
    clearTimeout(timer);
  }
}

/** Start a program that serves until it is stopped. */
export function startProgram(
  path: string,
  args: readonly string[],
  { env, cwd }: ProgramOptions,
): Running {
  const child = spawn(path, args, { env, cwd, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
  const ended = once(child, "exit").then(() => true, () => true);
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid!,
    isAlive,
    stderr: () => stderr,
    async stop() {
      if (!isAlive()) return;
      child.kill("SIGTERM");
      const timeout = new AbortController();
      const late = sleep(STOP_TIMEOUT, false, { signal: timeout.signal }).catch(() => false);
      if (!await Promise.race([ended, late])) child.kill("SIGKILL");
      timeout.abort();
      await ended;
    },
  };
}
