import { readFileSync } from "node:fs";
import { decodeText } from "../../lib/base/bytes.ts";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { parsePublicKey } from "../../lib/keys/public_key.ts";
import type { TrustedKey } from "../../lib/verify/signature_policy.ts";
import type { Io } from "./io.ts";
import { readPassword } from "./password.ts";

// References to keys are cosign's: a file, https://…, env://VARIABLE and k8s://namespace/name. What only
// the rarer ones need, and private keys, is loaded where they are used.

/** Keys are some kilobytes. */
const MAX_KEY_BYTES = 1024 * 1024;

/** Schemes of cosign's that name keys in services. */
const SERVICES = /^(?:awskms|azurekms|gcpkms|hashivault|github|gitlab|kms|openbao):\/\/|^pkcs11:/iu;

/** A URL may hold what is secret behind its path. */
function nameOf(reference: string): string {
  return /^https?:/iu.test(reference) ? reference.replace(/[?#].*$/u, "") : reference;
}

async function readText(
  reference: string,
  field: "cosign.key" | "cosign.pub",
  io: Io,
): Promise<string> {
  if (SERVICES.test(reference)) {
    throw new UsageError(
      `Cannot use key ${reference.slice(0, 80)}: want a file, https://, env:// or k8s://`,
    );
  }
  if (reference.startsWith("env://")) {
    const variable = reference.slice("env://".length);
    const text = io.env[variable];
    if (text !== undefined && text !== "") return text;
    throw new UsageError(`Cannot read key ${reference}: the variable is not set`);
  }
  if (reference.startsWith("k8s://")) {
    const { parseSecretName, readSecretText } = await import("./key_secret.ts");
    return await readSecretText(parseSecretName(reference), field, io);
  }
  try {
    if (/^https?:\/\//iu.test(reference)) {
      const { fetchFile } = await import("./fetch_file.ts");
      return decodeText(
        await fetchFile(reference, { what: "key", maxBytes: MAX_KEY_BYTES }, io),
      );
    }
    // At once: to verify one image nothing else needs node:fs/promises, nor the threads that it uses.
    return readFileSync(reference, "utf8");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read key ${nameOf(reference)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Read the public key that signatures must be by. */
export async function readPublicKey(reference: string, io: Io): Promise<TrustedKey> {
  const name = nameOf(reference);
  return { name, key: parsePublicKey(await readText(reference, "cosign.pub", io), name) };
}

/** The password of a private key: a secret holds its own. */
async function passwordOf(reference: string, io: Io): Promise<Uint8Array> {
  if (!reference.startsWith("k8s://")) return await readPassword(io, { isNew: false });
  const { parseSecretName, readSecret } = await import("./key_secret.ts");
  return await readSecret(parseSecretName(reference), "cosign.password", io);
}

/** Open the private key to sign with. */
export async function readPrivateKey(reference: string, io: Io): Promise<PrivateKey> {
  const { parsePrivateKey } = await import("../../lib/keys/private_key.ts");
  const { openSealedKey } = await import("../../lib/keys/sealed_key.ts");
  const sealed = await readText(reference, "cosign.key", io);
  const password = await passwordOf(reference, io);
  const pkcs8 = await openSealedKey(sealed, password);
  try {
    return parsePrivateKey(pkcs8);
  } finally {
    pkcs8.fill(0);
    password.fill(0);
  }
}
