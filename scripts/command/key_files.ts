import { access, open, rename, rm } from "node:fs/promises";
import { UsageError } from "../../lib/base/errors.ts";
import type { KeyPairPem } from "../../lib/keys/generate_key_pair.ts";
import type { Io } from "./io.ts";

async function exists(path: string): Promise<boolean> {
  return await access(path).then(() => true, () => false);
}

/**
 * Ask on the terminal; where nobody is there, give up.
 *
 * @param what is refused, for the error: "write cosign.key: it exists"
 */
export async function confirm(
  question: string,
  what: string,
  advice: string,
  { stdin }: Io,
): Promise<void> {
  if (!stdin.isTTY) throw new UsageError(`Cannot ${what}; ${advice}`);
  const answer = await stdin.ask(question, { hidden: false });
  if (!/^y(?:es)?$/iu.test(answer.trim())) {
    throw new Error(`Cannot ${what} and is not to be overwritten`);
  }
}

/** Ask before a file is overwritten. */
export async function confirmOverwrite(path: string, io: Io): Promise<void> {
  if (!await exists(path)) return;
  await confirm(
    `File ${path} already exists. Overwrite? [y/N] `,
    `write ${path}: it exists`,
    "move it away, or choose another name with --output-key-prefix",
    io,
  );
}

/** Write a file that is whole or not there: losing a key is worse than anything. */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
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

/**
 * Write the two files of a key pair, the private one for its owner only. What exists is overwritten
 * only where the user says so, before anything else is asked.
 */
export async function writeKeyPair(
  prefix: string,
  makePair: () => Promise<KeyPairPem>,
  io: Io,
  { yes = false }: { readonly yes?: boolean | undefined } = {},
): Promise<void> {
  const privatePath = `${prefix}.key`;
  const publicPath = `${prefix}.pub`;
  if (!yes) {
    await confirmOverwrite(privatePath, io);
    await confirmOverwrite(publicPath, io);
  }
  const pair = await makePair();
  await writeWhole(privatePath, pair.privateKeyPem, 0o600);
  await io.stderr.write(`Private key written to ${privatePath}\n`);
  await writeWhole(publicPath, pair.publicKeyPem, 0o644);
  await io.stderr.write(`Public key written to ${publicPath}\n`);
}
