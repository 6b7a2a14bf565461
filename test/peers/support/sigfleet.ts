/** Our own command as users start it: a process of its own, on the runtime that the tests run on. */

import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { ImageRecord } from "../../../lib/report/record.ts";
import type { SignRecord } from "../../../lib/report/sign_record.ts";
import type { SignSummary } from "../../../lib/report/sign_summary.ts";
import type { Summary } from "../../../lib/report/summary.ts";
import { runTask, type Task } from "../../../scripts/command/task.ts";
import { createFakeIo } from "../../support/fake_io.ts";
import { type Finished, runProgram } from "./run_program.ts";
import type { Sandbox } from "./sandbox.ts";

const COMMAND = fileURLToPath(new URL("../../../scripts/sigfleet.ts", import.meta.url));

/** Settings of one call. */
export interface SigfleetOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Run a task in this process, in the sandbox's environment; names of files must be whole. */
export async function ours<Options>(
  { env }: Pick<Sandbox, "env">,
  task: Task<Options>,
  words: readonly string[],
): Promise<Finished> {
  const io = createFakeIo({ env });
  const code = await runTask(task, words, io);
  return { code, ...io.written };
}

/** A report of verify-fleet, and how it ended. */
export interface FleetReport extends Finished {
  readonly images: readonly ImageRecord[];
  readonly summary: Summary;
}

/** A report of sign-tags, and how it ended. */
export interface SignReport extends Finished {
  readonly images: readonly SignRecord[];
  readonly summary: SignSummary;
}

/** Run a task to its end. */
export async function sigfleet(
  sandbox: Sandbox,
  args: readonly string[],
  { cwd = sandbox.folder, input = "", env = {} }: SigfleetOptions = {},
): Promise<Finished> {
  const isDeno = process.versions["deno"] !== undefined;
  // The sandbox's home holds no cache of compiled code, which would be made anew for each call.
  const cache = process.env["DENO_DIR"] ?? join(homedir(), ".cache", "deno");
  return await runProgram(
    process.execPath,
    [...(isDeno ? ["run", "-A"] : []), COMMAND, ...args],
    { cwd, input, env: { ...sandbox.env, ...(isDeno ? { DENO_DIR: cache } : {}), ...env } },
  );
}

function parseReport<Report>(finished: Finished): Report & Finished {
  try {
    return { ...JSON.parse(finished.stdout) as Report, ...finished };
  } catch (cause) {
    const { code, stdout, stderr } = finished;
    throw new Error(`no report; exit ${code}; ${stderr}${stdout}`, { cause });
  }
}

/** Run verify-fleet and read its JSON report. */
export async function verifyFleet(
  sandbox: Sandbox,
  args: readonly string[],
  options?: SigfleetOptions,
): Promise<FleetReport> {
  return parseReport(
    await sigfleet(sandbox, ["verify-fleet", "--output", "json", ...args], options),
  );
}

/** Run sign-tags and read its JSON report. */
export async function signTags(sandbox: Sandbox, args: readonly string[]): Promise<SignReport> {
  return parseReport(await sigfleet(sandbox, ["sign-tags", "--output", "json", ...args]));
}

/** Assert that a program ended well; its own words are shown if not. */
export function assertDone({ code, stdout, stderr }: Finished, what: string): void {
  assert.equal(code, 0, `${what}: ${stderr}${stdout}`);
}
