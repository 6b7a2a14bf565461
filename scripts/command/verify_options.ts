import { type Command, Option } from "commander";
import { UsageError } from "../../lib/base/errors.ts";
import type { ChildOptions } from "../../lib/verify/verify_recursive.ts";
import type { SignaturePolicy } from "../../lib/verify/signature_policy.ts";
import { collect, parseAnnotations } from "./annotations.ts";
import type { Io } from "./io.ts";
import { defineRegistryOptions, type RegistryFlags } from "./registry_options.ts";
import { defineTrustOptions, readSigners, type TrustFlags } from "./trust_options.ts";
import { defineKeyPolicyOptions } from "./trusted_keys.ts";

/** Options of the tasks that verify. */
export interface VerifyFlags extends RegistryFlags, TrustFlags {
  readonly annotations?: readonly string[];
  readonly recursive?: boolean;
  readonly platform?: readonly string[];
  readonly everyChild?: boolean;
}

/** Declare them. */
export function defineVerifyOptions(command: Command): void {
  defineTrustOptions(command, "the signature");
  defineKeyPolicyOptions(command);
  command
    .option("-a, --annotations <key=value>", "must be signed with it; may be repeated", collect)
    .option("-r, --recursive", "of an index, the images in it must be signed as well")
    .option("--platform <platform>", "of an index only the images for it; may be repeated", collect)
    .option("--every-child", "of an index also what is no image: BuildKit's provenance and SBOMs")
    // Both formats and both places are always read.
    .addOption(new Option("--new-bundle-format").hideHelp())
    .addOption(new Option("--no-new-bundle-format").hideHelp())
    .addOption(new Option("--experimental-oci11").hideHelp());
  defineRegistryOptions(command);
}

/** Make of them what a signature must satisfy. */
export async function signaturePolicy(flags: VerifyFlags, io: Io): Promise<SignaturePolicy> {
  return {
    annotations: parseAnnotations(flags.annotations ?? []),
    ...await readSigners(flags, io),
  };
}

/** Which images of an index must be signed; `undefined` where the index's own signature is enough. */
export function childOptions(
  { recursive, platform, everyChild }: VerifyFlags,
): ChildOptions | undefined {
  for (const name of platform ?? []) {
    if (!/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9.]+)?$/u.test(name)) {
      throw new UsageError(
        `Cannot use platform "${name}": want os/architecture, as in linux/arm64`,
      );
    }
  }
  if (recursive !== true && platform === undefined && everyChild !== true) return undefined;
  return { children: everyChild === true ? "all" : "images", platforms: platform };
}
