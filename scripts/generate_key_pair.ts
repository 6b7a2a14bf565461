#!/usr/bin/env node
import { access, open, rename, rm } from "node:fs/promises";
import { UsageError } from "../lib/base/errors.ts";
import { generateKeyPair } from "../lib/keys/generate_key_pair.ts";
import type { Io } from "./command/io.ts";
import { readPassword } from "./command/password.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly outputKeyPrefix: string;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(() => true, () => false);
}

async function confirmOverwrite(path: string, { stdin }: Io): Promise<void> {
  if (!await exists(path)) return;
  const advice = "move it away, or choose another name with --output-key-prefix";
  if (!stdin.isTTY) throw new UsageError(`Cannot write ${path}: it exists; ${advice}`);
  const answer = await stdin.ask(`File ${path} already exists. Overwrite? [y/N] `, {
    hidden: false,
  });
  if (!/^y(?:es)?$/iu.test(answer.trim())) {
    throw new Error(`Cannot write ${path}: it exists and is not to be overwritten`);
  }
}

/** Write a file that is whole or not there: losing a key is worse than anything. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Make a key pair as cosign does. */
export const task: Task<Flags> = {
  name: "generate-key-pair",
  summary: "Make a key pair (ECDSA P-256), the private key encrypted with a password",
  examples: [
    ["generate-key-pair", "write cosign.key and cosign.pub; the password is asked for"],
    ["generate-key-pair --output-key-prefix release", "write release.key and release.pub"],
  ],
  define(command) {
    command.option("--output-key-prefix <name>", "what the files are called", "cosign");
  },
  async run(_args, { outputKeyPrefix }, io) {
    const privatePath = `${outputKeyPrefix}.key`;
    const publicPath = `${outputKeyPrefix}.pub`;
    await confirmOverwrite(privatePath, io);
    await confirmOverwrite(publicPath, io);
    const password = await readPassword(io, { isNew: true });
    const pair = await generateKeyPair(password);
    password.fill(0);
    await writeWhole(privatePath, pair.privateKeyPem, 0o600);
    await io.stderr.write(`Private key written to ${privatePath}\n`);
    await writeWhole(publicPath, pair.publicKeyPem, 0o644);
    await io.stderr.write(`Public key written to ${publicPath}\n`);
    return 0;
  },
};

await runIfMain(import.meta.url, task);
