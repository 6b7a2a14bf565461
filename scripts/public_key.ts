#!/usr/bin/env node
import { writeFile } from "node:fs/promises";
import { messageOf, UsageError } from "../lib/base/errors.ts";
import { readPrivateKey } from "./command/keys.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly key: string;
  readonly outfile?: string;
}

/** Print the public key that belongs to a private one. */
export const task: Task<Flags> = {
  name: "public-key",
  summary: "Print the public key that belongs to a private key",
  examples: [
    ["public-key --key cosign.key", "print it; the password is asked for"],
    ["public-key --key k8s://ci/cosign --outfile cosign.pub", "write it to a file"],
  ],
  define(command) {
    command
      .requiredOption("--key <key>", "encrypted private key: file, https://, env:// or k8s://")
      .option("--outfile <file>", "write it there instead");
  },
  async run(_args, { key, outfile }, io) {
    const { publicKey } = await readPrivateKey(key, io);
    if (outfile === undefined) {
      await io.stdout.write(publicKey.pem);
      return 0;
    }
    try {
      await writeFile(outfile, publicKey.pem, { mode: 0o600 });
    } catch (error) {
      throw new UsageError(`Cannot write ${outfile}: ${messageOf(error)}`, { cause: error });
    }
    await io.stderr.write(`Public key written to ${outfile}\n`);
    return 0;
  },
};

await runIfMain(import.meta.url, task);
