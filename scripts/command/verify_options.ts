import { type Command, Option } from "commander";
import type { SignaturePolicy } from "../../lib/verify/signature_policy.ts";
import { collect, parseAnnotations } from "./annotations.ts";
import { readPublicKey } from "./keys.ts";
import { defineRegistryOptions, type RegistryFlags } from "./registry_options.ts";

/** Options of the tasks that verify. */
export interface VerifyFlags extends RegistryFlags {
  readonly key: string;
  readonly annotations?: readonly string[];
}

/** Declare them. */
export function defineVerifyOptions(command: Command): void {
  command
    .requiredOption("--key <file>", "public key that the signature must be by")
    .option("-a, --annotations <key=value>", "must be signed with it; may be repeated", collect)
    .option("--insecure-ignore-tlog", "as with cosign; with a key the log is not checked anyway")
    // Both formats and both places are always read.
    .addOption(new Option("--new-bundle-format").hideHelp())
    .addOption(new Option("--experimental-oci11").hideHelp());
  defineRegistryOptions(command);
}

/** Make of them what a signature must satisfy. */
export async function signaturePolicy(flags: VerifyFlags): Promise<SignaturePolicy> {
  return {
    annotations: parseAnnotations(flags.annotations ?? []),
    keys: [await readPublicKey(flags.key)],
  };
}
