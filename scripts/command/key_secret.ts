/** Keys in secrets of Kubernetes, through kubectl, as cosign keeps them. */

import { decodeBase64, decodeText, encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import { UsageError } from "../../lib/base/errors.ts";
import type { KeyPairPem } from "../../lib/keys/generate_key_pair.ts";
import type { Io } from "./io.ts";

/** Where a secret is. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** What cosign calls the parts of a key pair in a secret. */
export type SecretField = "cosign.key" | "cosign.pub" | "cosign.password";

/** A secret as kubectl prints it, whole: what is not known here is written back as it was. */
export interface Secret {
  readonly data: Readonly<Record<string, unknown>>;
}

// Kubernetes' names (RFC 1123): nothing that kubectl could take for a flag.
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u;
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u;

/**
 * Read a reference to a secret, `k8s://namespace/name`.
 *
 * @throws {UsageError}
 */
export function parseSecretName(reference: string): SecretName {
  const [namespace = "", name = "", ...rest] = reference.slice("k8s://".length).split("/");
  if (rest.length > 0 || !NAMESPACE.test(namespace) || !NAME.test(name)) {
    throw new UsageError(
      `Cannot use key "${reference.slice(0, 300)}": want k8s://NAMESPACE/NAME`,
    );
  }
  return { namespace, name };
}

/** Run kubectl; what is secret goes through standard input, since everybody can list arguments. */
async function kubectl(
  args: readonly string[],
  { env }: Io,
  input = "",
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  // Loaded only here: no other command needs it.
  const { $ } = await import("zx");
  const set = Object.entries(env).filter((entry): entry is [string, string] =>
    entry[1] !== undefined
  );
  const { exitCode, stdout, stderr } = await $({
    input,
    env: Object.fromEntries(set) as NodeJS.ProcessEnv,
    quiet: true,
    nothrow: true,
  })`kubectl ${args}`;
  return { code: exitCode, stdout, stderr };
}

function failure(verb: string, { namespace, name }: SecretName, stderr: string): UsageError {
  const why = stderr.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
  return new UsageError(
    `Cannot ${verb} secret ${namespace}/${name}: kubectl: ${why === "" ? "it failed" : why}`,
  );
}

/**
 * Find a secret; `undefined` where there is none.
 *
 * @throws {UsageError}
 */
export async function findSecret(at: SecretName, io: Io): Promise<Secret | undefined> {
  const { namespace, name } = at;
  const { code, stdout, stderr } = await kubectl(
    ["get", "secret", name, "--namespace", namespace, "--output", "json", "--ignore-not-found"],
    io,
  );
  if (code !== 0) throw failure("read", at, stderr);
  if (stdout.trim() === "") return undefined;
  try {
    const secret = JSON.parse(stdout) as Partial<Secret>;
    return { ...secret, data: secret.data ?? {} };
  } catch {
    throw failure("read", at, "what it printed is no JSON");
  }
}

/**
 * Read a part of a key pair from a secret.
 *
 * @throws {UsageError}
 */
export async function readSecret(at: SecretName, field: SecretField, io: Io): Promise<Uint8Array> {
  const secret = await findSecret(at, io);
  if (secret === undefined) throw failure("read", at, "there is no such secret");
  const value = secret.data[field];
  if (typeof value !== "string") throw failure("read", at, `it has no ${field}`);
  try {
    return decodeBase64(value);
  } catch {
    throw failure("read", at, `its ${field} is not base64`);
  }
}

/** Read the text of a key from a secret. */
export async function readSecretText(
  at: SecretName,
  field: SecretField,
  io: Io,
): Promise<string> {
  try {
    return decodeText(await readSecret(at, field, io));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw failure("read", at, `its ${field} is not text`);
  }
}

/** A key pair to keep. */
export interface KeptPair {
  readonly pair: KeyPairPem;
  readonly password: Uint8Array;
}

/**
 * Keep a key pair with its password in a secret, as cosign does; what else the secret holds stays.
 * Where another has written since `found` was read this fails, rather than lose a key.
 *
 * @throws {UsageError}
 */
export async function writeSecret(
  at: SecretName,
  found: Secret | undefined,
  { pair, password }: KeptPair,
  io: Io,
): Promise<void> {
  const fresh = { apiVersion: "v1", kind: "Secret", metadata: at, type: "Opaque" };
  const manifest = JSON.stringify({
    ...found ?? fresh,
    data: {
      ...found?.data,
      "cosign.key": encodeBase64(encodeText(pair.privateKeyPem)),
      "cosign.pub": encodeBase64(encodeText(pair.publicKeyPem)),
      "cosign.password": encodeBase64(password),
    },
  });
  const verb = found === undefined ? "create" : "replace";
  const { code, stderr } = await kubectl([verb, "--filename", "-"], io, manifest);
  if (code !== 0) throw failure(verb, at, stderr);
}
