import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { homedir, tmpdir } from "node:os";
import { join, resolve as resolvePath } from "node:path";
import process from "node:process";
import { ROOT } from "./repo.ts";

/** What a process printed, and how it ended. */
export interface ScriptResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a script. */
export interface ScriptOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Run a script of the project, by its path from the root, on the runtime that runs the test. */
export function runScript(
  path: string,
  args: readonly string[],
  { cwd = tmpdir(), env = {}, stdin = "" }: ScriptOptions = {},
): Promise<ScriptResult> {
  const flags = process.versions.deno === undefined
    ? []
    : ["run", "-A", "--no-check", "--config", resolvePath(ROOT, "deno.json")];
  const child = spawn(process.execPath, [...flags, resolvePath(ROOT, path), ...args], {
    cwd,
    // The runtime keeps its cache where it was; all else of the user's home is out of sight.
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: cwd,
      DENO_DIR: process.env["DENO_DIR"] ?? join(homedir(), ".cache", "deno"),
      ...env,
    },
  });
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  child.stdout.on("data", (part: Uint8Array) => out.push(part));
  child.stderr.on("data", (part: Uint8Array) => err.push(part));
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({
        code,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }));
  });
}
