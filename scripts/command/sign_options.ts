import { type Command, Option } from "commander";
import { UsageError } from "../../lib/base/errors.ts";
import type { SignOptions } from "../../lib/sign/signing_job.ts";
import { SIGNATURE_FORMATS, type SignatureFormat } from "../../lib/signature/signature_format.ts";
import { collect, parseAnnotations } from "./annotations.ts";
import type { Io } from "./io.ts";
import { defineRegistryOptions, type RegistryFlags, storeOptions } from "./registry_options.ts";
import { defineSignerOptions, type SignerFlags } from "./signer_options.ts";
import { withSigner } from "./with_signer.ts";

/** Options of the tasks that sign. */
export interface SignFlags extends RegistryFlags, SignerFlags {
  readonly annotations?: readonly string[];
  readonly format?: string;
  readonly recursive?: boolean;
  readonly signContainerIdentity?: string;
  readonly newBundleFormat?: boolean;
  readonly dryRun?: boolean;
}

/** Declare them. */
export function defineSignOptions(command: Command): void {
  defineSignerOptions(command);
  command
    .option("-a, --annotations <key=value>", "sign this too; may be repeated", collect)
    .option("--format <format>", "bundle, legacy or both (default: bundle)")
    .option("-r, --recursive", "of an index sign every image in it as well")
    .option("--sign-container-identity <name>", "what a legacy payload says the image is called")
    .addOption(new Option("--new-bundle-format").hideHelp())
    .addOption(new Option("--no-new-bundle-format").hideHelp());
  defineRegistryOptions(command);
}

/** The formats to write. */
export function parseFormats(
  { format, newBundleFormat }: Pick<SignFlags, "format" | "newBundleFormat">,
): readonly SignatureFormat[] {
  // cosign says with this flag which of the two it writes.
  if (format === undefined) return newBundleFormat === false ? ["legacy"] : ["bundle"];
  if (format === "both") return SIGNATURE_FORMATS;
  const known = SIGNATURE_FORMATS.find((name) => name === format);
  if (known === undefined) {
    throw new UsageError(`Cannot sign as "${format}": want bundle, legacy or both`);
  }
  return [known];
}

/** Whether COSIGN_DOCKER_MEDIA_TYPES asks for Docker's media types in legacy manifests. */
export function usesDockerMediaTypes({ env }: Io): boolean {
  return ["1", "true"].includes(env["COSIGN_DOCKER_MEDIA_TYPES"] ?? "");
}

/** Make of them what the library needs, and hand it to the work with what to sign with. */
export async function withSignOptions<Result>(
  flags: SignFlags,
  io: Io,
  work: (options: Omit<SignOptions, "tags">) => Promise<Result>,
): Promise<Result> {
  const formats = parseFormats(flags);
  const annotations = parseAnnotations(flags.annotations ?? []);
  const store = storeOptions(flags, io.env);
  return await withSigner(flags, io, { legacy: formats.includes("legacy") }, (key) =>
    work({
      formats,
      annotations,
      store,
      key,
      dockerReference: flags.signContainerIdentity,
      dockerMediaTypes: usesDockerMediaTypes(io),
      dryRun: flags.dryRun,
      clock: io.clock,
      random: Math.random,
    }));
}
