#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { messageOf, UsageError } from "../lib/base/errors.ts";
import { importKeyPair } from "../lib/keys/import_key.ts";
import { writeKeyPair } from "./command/key_files.ts";
import { readPassword } from "./command/password.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly key: string;
  readonly outputKeyPrefix: string;
  readonly yes?: boolean;
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read key ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Make a key pair of cosign's from a private key that exists. */
export const task: Task<Flags> = {
  name: "import-key-pair",
  summary: "Encrypt a private key (PEM: RSA, ECDSA or Ed25519) for cosign and sigfleet",
  examples: [
    ["import-key-pair --key private.pem", "write import-cosign.key and import-cosign.pub"],
    ["import-key-pair -k private.pem -o release -y", "write release.key and release.pub anew"],
  ],
  define(command) {
    command
      .requiredOption("-k, --key <file>", "private key in PEM: PKCS#8, PKCS#1 or SEC1")
      .option("-o, --output-key-prefix <name>", "what the files are called", "import-cosign")
      .option("-y, --yes", "overwrite files without asking");
  },
  async run(_args, { key, outputKeyPrefix, yes }, io) {
    const pem = await readPem(key);
    await writeKeyPair(
      outputKeyPrefix,
      async () => {
        const password = await readPassword(io, { isNew: true });
        try {
          return await importKeyPair(pem, password);
        } finally {
          password.fill(0);
        }
      },
      io,
      { yes },
    );
    return 0;
  },
};

await runIfMain(import.meta.url, task);
