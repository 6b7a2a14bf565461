#!/usr/bin/env node
import { generateKeyPair } from "../lib/keys/generate_key_pair.ts";
import { UsageError } from "../lib/base/errors.ts";
import type { Io } from "./command/io.ts";
import { confirm, confirmOverwrite, writeKeyPair, writeWhole } from "./command/key_files.ts";
import { readPassword } from "./command/password.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly outputKeyPrefix: string;
}

async function makePair(io: Io) {
  const password = await readPassword(io, { isNew: true });
  return { password, pair: await generateKeyPair(password) };
}

/** Keep the pair in a secret of Kubernetes, and the public key in a file as well. */
async function generateSecret(reference: string, prefix: string, io: Io): Promise<void> {
  const { findSecret, parseSecretName, writeSecret } = await import("./command/key_secret.ts");
  const at = parseSecretName(reference);
  const publicPath = `${prefix}.pub`;
  const found = await findSecret(at, io);
  if (found?.data["cosign.key"] !== undefined) {
    await confirm(
      `Secret ${at.namespace}/${at.name} already holds a key. Overwrite? [y/N] `,
      `write secret ${at.namespace}/${at.name}: it holds a key`,
      "choose another name",
      io,
    );
  }
  await confirmOverwrite(publicPath, io);
  const { pair, password } = await makePair(io);
  try {
    await writeSecret(at, found, { pair, password }, io);
  } finally {
    password.fill(0);
  }
  const done = found === undefined ? "created" : "updated";
  await io.stderr.write(`Successfully ${done} secret ${at.name} in namespace ${at.namespace}\n`);
  await writeWhole(publicPath, pair.publicKeyPem, 0o644);
  await io.stderr.write(`Public key written to ${publicPath}\n`);
}

/** Make a key pair as cosign does. */
export const task: Task<Flags> = {
  name: "generate-key-pair",
  summary: "Make a key pair (ECDSA P-256), the private key encrypted with a password",
  examples: [
    ["generate-key-pair", "write cosign.key and cosign.pub; the password is asked for"],
    ["generate-key-pair --output-key-prefix release", "write release.key and release.pub"],
    ["generate-key-pair k8s://ci/cosign", "keep it in a secret of Kubernetes, through kubectl"],
  ],
  define(command) {
    command
      .argument("[secret]", "k8s://NAMESPACE/NAME to keep the pair in a secret")
      .option("--output-key-prefix <name>", "what the files are called", "cosign");
  },
  async run([secret], { outputKeyPrefix }, io) {
    if (secret === undefined) {
      await writeKeyPair(outputKeyPrefix, async () => {
        const { pair, password } = await makePair(io);
        password.fill(0);
        return pair;
      }, io);
    } else if (secret.startsWith("k8s://")) {
      await generateSecret(secret, outputKeyPrefix, io);
    } else {
      throw new UsageError(`Cannot keep a key in "${secret}": want k8s://NAMESPACE/NAME`);
    }
    return 0;
  },
};

await runIfMain(import.meta.url, task);
