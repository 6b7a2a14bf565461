/** What every benchmark begins with. */

import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parsePrivateKey, type PrivateKey } from "../lib/keys/private_key.ts";

/** Tell how far it is, on standard error. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Read a number of the command line. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/u.test(text)) throw new RangeError(`Cannot use "${text}": want a whole number`);
  return Number(text);
}

/** The folder of the peers' programs, with these in it. */
export function peersFolder(names: readonly string[]): string {
  const folder = process.env["PEERS_DIR"] ?? join(homedir(), ".cache/sigfleet-peers");
  for (const name of names) {
    if (!existsSync(join(folder, name))) {
      throw new Error(`Cannot find ${name} in ${folder}: build the peers, or set PEERS_DIR`);
    }
  }
  return folder;
}

/** Make a key to sign with. */
export function makeKey(): PrivateKey {
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "der" },
    publicKeyEncoding: { type: "spki", format: "der" },
  });
  return parsePrivateKey(privateKey);
}
