import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";

const TIME = "/usr/bin/time";

/** A program to run to its end. */
export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A file for standard input. */
  readonly stdin?: string;
}

/** What a program cost, as GNU time tells it; undefined where there is no /usr/bin/time. */
export interface ProcessUse {
  readonly peakMib: number | undefined;
  /** Seconds of processor time, in the program and the ones that it started. */
  readonly cpuSeconds: number | undefined;
}

/** A program that has ended. */
export interface Finished extends ProcessUse {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** From before it was started until it was over. */
  readonly wallSeconds: number;
}

async function readUse(file: string): Promise<ProcessUse> {
  // The last line: GNU time puts one before it if the exit code is not 0.
  const [mebibytes, user, system] = (await readFile(file, "utf8")).trim().split("\n").at(-1)!
    .split(" ").map(Number);
  return { peakMib: mebibytes! / 1024, cpuSeconds: user! + system! };
}

/** Run a program, and measure it. `scratch` is a file to overwrite. */
export async function runProcess(command: Command, scratch: string): Promise<Finished> {
  const timed = existsSync(TIME);
  const argv = timed
    ? [TIME, "--output", scratch, "--format", "%M %U %S", ...command.argv]
    : command.argv;
  const input = command.stdin === undefined ? undefined : await open(command.stdin);
  const startedAt = performance.now();
  try {
    const child = spawn(argv[0]!, argv.slice(1), {
      env: command.env,
      stdio: [input === undefined ? "ignore" : input.fd, "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout!.on("data", (chunk) => stdout += chunk);
    child.stderr!.on("data", (chunk) => stderr += chunk);
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? -1));
    });
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const use = timed ? await readUse(scratch) : { peakMib: undefined, cpuSeconds: undefined };
    return { exitCode, stdout, stderr, wallSeconds, ...use };
  } finally {
    await input?.close();
  }
}
