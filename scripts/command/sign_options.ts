import { type Command, Option } from "commander";
import { UsageError } from "../../lib/base/errors.ts";
import type { SignOptions } from "../../lib/sign/signing_job.ts";
import { SIGNATURE_FORMATS, type SignatureFormat } from "../../lib/signature/signature_format.ts";
import { collect, parseAnnotations } from "./annotations.ts";
import type { Io } from "./io.ts";
import { readPrivateKey } from "./keys.ts";
import { defineRegistryOptions, type RegistryFlags, storeOptions } from "./registry_options.ts";

/** Options of the tasks that sign. */
export interface SignFlags extends RegistryFlags {
  readonly key: string;
  readonly annotations?: readonly string[];
  readonly format?: string;
  readonly recursive?: boolean;
  readonly signContainerIdentity?: string;
  readonly newBundleFormat?: boolean;
  readonly dryRun?: boolean;
  readonly tlogUpload?: boolean;
  readonly useSigningConfig?: boolean;
}

/** Declare them. */
export function defineSignOptions(command: Command): void {
  command
    .requiredOption(
      "--key <file>",
      "encrypted private key, as generate-key-pair or cosign writes it",
    )
    .option("-a, --annotations <key=value>", "sign this too; may be repeated", collect)
    .option("--format <format>", "bundle, legacy or both (default: bundle)")
    .option("-r, --recursive", "of an index sign every image in it as well")
    .option("--sign-container-identity <name>", "what a legacy payload says the image is called")
    .addOption(new Option("--new-bundle-format").hideHelp())
    .addOption(new Option("--no-new-bundle-format").hideHelp())
    // What cosign's users type; there is nothing to confirm, and no log is written to yet.
    .addOption(new Option("-y, --yes").hideHelp())
    .addOption(new Option("--tlog-upload").hideHelp())
    .addOption(new Option("--use-signing-config").hideHelp());
  defineRegistryOptions(command);
}

function parseFormats({ format, newBundleFormat }: SignFlags): readonly SignatureFormat[] {
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

/** Make of them what the library needs; asks for the key's password. */
export async function signOptions(flags: SignFlags, io: Io): Promise<Omit<SignOptions, "tags">> {
  if (flags.tlogUpload === true || flags.useSigningConfig === true) {
    throw new UsageError(
      "Cannot write to a transparency log: sign without --tlog-upload and --use-signing-config",
    );
  }
  const formats = parseFormats(flags);
  const annotations = parseAnnotations(flags.annotations ?? []);
  const store = storeOptions(flags, io.env);
  return {
    formats,
    annotations,
    store,
    key: await readPrivateKey(flags.key, io),
    dockerReference: flags.signContainerIdentity,
    dockerMediaTypes: usesDockerMediaTypes(io),
    dryRun: flags.dryRun,
    clock: io.clock,
    random: Math.random,
  };
}
