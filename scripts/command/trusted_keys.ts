import { type Command, Option } from "commander";
import { UsageError } from "../../lib/base/errors.ts";
import type { SignatureHash } from "../../lib/keys/algorithm.ts";
import { distinctKeys } from "../../lib/verify/check_signers.ts";
import type { SignaturePolicy, TrustedKey } from "../../lib/verify/signature_policy.ts";
import { collect } from "./annotations.ts";
import type { Io } from "./io.ts";
import { readPublicKey } from "./keys.ts";

/** Options of the tasks that verify with keys. */
export interface KeyFlags {
  readonly key?: readonly string[];
  readonly require?: string;
  readonly signatureDigestAlgorithm?: string;
}

/** The option that names public keys; every task that verifies has it. */
export function publicKeyOption(what: string): Option {
  return new Option(
    "--key <key>",
    `public key that ${what} must be by: file, https://, env://, k8s://; may be repeated`,
  ).argParser(collect);
}

/** Declare how many of the keys must have signed, and what else cosign's users say of a key. */
export function defineKeyPolicyOptions(command: Command): void {
  command
    .option(
      "--require <number>",
      "how many of the keys must have signed: any (one is enough), all, or a number (default: any)",
    )
    .option(
      "--signature-digest-algorithm <name>",
      "a hash to try beside the key's own: sha256, sha384 or sha512",
    )
    // No log is asked in any case.
    .addOption(new Option("--private-infrastructure").hideHelp())
    .addOption(new Option("--allow-certificate-chain").hideHelp());
}

/** The hash that signatures are said to be over; those that fit the keys are tried in any case. */
function parseHash(name: string | undefined): SignatureHash | undefined {
  const hash = (["sha256", "sha384", "sha512"] as const).find((known) => known === name);
  if (name === undefined || hash !== undefined) return hash;
  throw new UsageError(
    `Cannot verify over "${name.slice(0, 40)}": want sha256, sha384 or sha512`,
  );
}

/**
 * Read public keys, each once.
 *
 * @throws {UsageError}
 * @throws {KeyError}
 */
export async function readPublicKeys(
  references: readonly string[],
  io: Io,
): Promise<readonly TrustedKey[]> {
  const keys: TrustedKey[] = [];
  for (const reference of new Set(references)) keys.push(await readPublicKey(reference, io));
  return distinctKeys({ keys });
}

function parseRequired(text: string, keys: readonly TrustedKey[]): SignaturePolicy["required"] {
  if (text === "any") return 1;
  if (keys.length === 0) {
    throw new UsageError(
      "Cannot use --require without --key: it says how many keys must have signed",
    );
  }
  if (text === "all") return text;
  if (!/^[1-9]\d{0,3}$/u.test(text)) {
    throw new UsageError(`Cannot require "${text.slice(0, 40)}": want any, all or a number`);
  }
  const required = Number(text);
  if (required <= keys.length) return required;
  throw new UsageError(
    `Cannot require ${required} keys: there ${
      keys.length === 1 ? "is one" : `are ${keys.length} different ones`
    }; name more with --key`,
  );
}

/**
 * Read the keys of a policy, and how many of them it requires.
 *
 * @throws {UsageError}
 * @throws {KeyError}
 */
export async function readKeys(
  { key = [], require = "any", signatureDigestAlgorithm }: KeyFlags,
  io: Io,
): Promise<Required<Pick<SignaturePolicy, "keys" | "required">>> {
  const hash = parseHash(signatureDigestAlgorithm);
  const keys = (await readPublicKeys(key, io)).map((trusted) => ({ ...trusted, hash }));
  return { keys, required: parseRequired(require, keys) };
}
