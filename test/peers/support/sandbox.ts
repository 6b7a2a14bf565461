/** A home of its own for one test: keys, credentials, configuration. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";

/** A folder that is gone after the test, and the environment of programs that live in it. */
export interface Sandbox {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** The full name of a file in it. */
  path(name: string): string;
  /** Write a file, and give its full name. */
  write(name: string, text: string): Promise<string>;
}

/** The password of every key that the tests make. */
export const PASSWORD = "correct horse";

/** Make a sandbox for a test. */
export async function openSandbox(context: TestContext): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), "sigfleet-peers-"));
  context.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const path = (name: string): string => join(folder, name);
  await mkdir(path("docker"));
  return {
    folder,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      DOCKER_CONFIG: path("docker"),
      COSIGN_PASSWORD: PASSWORD,
      // cosign 2 fetches roots of trust even where it is told to ignore the log: let it find none, at once.
      TUF_MIRROR: "http://127.0.0.1:1",
      TUF_ROOT: path("tuf"),
    },
    path,
    async write(name, text) {
      await writeFile(path(name), text);
      return path(name);
    },
  };
}
