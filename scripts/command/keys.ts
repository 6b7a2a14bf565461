import { readFile } from "node:fs/promises";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import { parsePrivateKey, type PrivateKey } from "../../lib/keys/private_key.ts";
import { parsePublicKey } from "../../lib/keys/public_key.ts";
import { openSealedKey } from "../../lib/keys/sealed_key.ts";
import type { TrustedKey } from "../../lib/verify/signature_policy.ts";
import type { Io } from "./io.ts";
import { readPassword } from "./password.ts";

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read key ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Read the public key that signatures must be by. */
export async function readPublicKey(file: string): Promise<TrustedKey> {
  return { name: file, key: parsePublicKey(await readText(file), file) };
}

/** Open the private key to sign with. */
export async function readPrivateKey(file: string, io: Io): Promise<PrivateKey> {
  const sealed = await readText(file);
  const password = await readPassword(io, { isNew: false });
  const pkcs8 = await openSealedKey(sealed, password);
  try {
    return parsePrivateKey(pkcs8);
  } finally {
    pkcs8.fill(0);
    password.fill(0);
  }
}
