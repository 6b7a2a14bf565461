import { encodeText, equalBytes } from "../../lib/base/bytes.ts";
import { UsageError } from "../../lib/base/errors.ts";
import type { Io } from "./io.ts";

/**
 * The password of a private key, in cosign's order: COSIGN_PASSWORD, even if empty; else asked on the
 * terminal without showing it, twice where it is new; else all of standard input.
 */
export async function readPassword(
  { env, stdin }: Io,
  { isNew }: { readonly isNew: boolean },
): Promise<Uint8Array> {
  const given = env["COSIGN_PASSWORD"];
  if (given !== undefined) return encodeText(given);
  if (!stdin.isTTY) return await stdin.readAll();
  const ask = async (question: string): Promise<Uint8Array> =>
    encodeText(await stdin.ask(question, { hidden: true }));
  const password = await ask("Enter password for private key: ");
  if (isNew && !equalBytes(password, await ask("Enter password for private key again: "))) {
    throw new UsageError("Cannot use this password: the two did not match");
  }
  return password;
}
