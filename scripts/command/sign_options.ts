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
  readonly signContainerIdentity?: readonly string[];
  readonly newBundleFormat?: boolean;
  readonly dryRun?: boolean;
  readonly recordCreationTimestamp?: boolean;
  readonly registryReferrersMode?: string;
  readonly issueCertificate?: boolean;
}

/** Declare what attesting and signing have in common of cosign's older flags. */
export function defineOldSignOptions(command: Command): void {
  command
    .option("--record-creation-timestamp", "say in a legacy manifest when it was made")
    // Refused by name.
    .addOption(new Option("--issue-certificate").hideHelp())
    .addOption(new Option("--new-bundle-format").hideHelp())
    .addOption(new Option("--no-new-bundle-format").hideHelp());
}

/** Declare them. */
export function defineSignOptions(command: Command): void {
  defineSignerOptions(command);
  command
    .option("-a, --annotations <key=value>", "sign this too; may be repeated", collect)
    .option("--format <format>", "bundle, legacy or both (default: bundle)")
    .option("-r, --recursive", "of an index sign every image in it as well")
    .option(
      "--sign-container-identity <name>",
      "what a legacy payload says the image is called; several sign several payloads",
      collect,
    )
    .option(
      "--registry-referrers-mode <mode>",
      "legacy, or oci-1-1: store legacy signatures as referrers",
    );
  defineOldSignOptions(command);
  defineRegistryOptions(command);
}

/** The formats to sign in. */
export function parseFormats({ format, newBundleFormat }: SignFlags): readonly SignatureFormat[] {
  // cosign says with this flag which of the two it writes.
  if (format === undefined) return newBundleFormat === false ? ["legacy"] : ["bundle"];
  if (format === "both") return SIGNATURE_FORMATS;
  const known = SIGNATURE_FORMATS.find((name) => name === format);
  if (known === undefined) {
    throw new UsageError(`Cannot sign as "${format}": want bundle, legacy or both`);
  }
  return [known];
}

/** Whether COSIGN_DOCKER_MEDIA_TYPES asks for Docker's media types in legacy manifests, as Go reads it. */
export function usesDockerMediaTypes({ env }: Io): boolean {
  return /^(?:1|t|T|true|True|TRUE)$/u.test(env["COSIGN_DOCKER_MEDIA_TYPES"] ?? "");
}

/** The time that is recorded as that of making: SOURCE_DATE_EPOCH, in seconds, or now. */
function timeToRecord({ env, clock }: Io): Date {
  const epoch = env["SOURCE_DATE_EPOCH"] ?? "";
  if (epoch === "") return new Date(clock.now());
  if (/^\d{1,11}$/u.test(epoch)) return new Date(1000 * Number(epoch));
  throw new UsageError(
    `Cannot read SOURCE_DATE_EPOCH "${epoch.slice(0, 40)}": want seconds since 1970`,
  );
}

/** The docker-references to sign, one payload for each; `undefined` where the image's own is meant. */
function parseIdentities(
  { signContainerIdentity = [] }: SignFlags,
  formats: readonly SignatureFormat[],
): readonly string[] | undefined {
  const identities = signContainerIdentity.flatMap((value) => value.split(","));
  if (identities.length === 0) return undefined;
  if (identities.includes("")) {
    throw new UsageError(
      "Cannot sign an identity that is empty: want --sign-container-identity NAME",
    );
  }
  if (formats.includes("legacy")) return identities;
  throw new UsageError(
    "Cannot sign --sign-container-identity in a bundle: it names no image; " +
      "use --format legacy or both",
  );
}

/** Whether legacy signatures are to be stored as referrers; bundles always are. */
function parseReferrersMode({ registryReferrersMode: mode = "legacy" }: SignFlags): boolean {
  if (mode === "legacy" || mode === "oci-1-1") return mode === "oci-1-1";
  throw new UsageError(
    `Cannot use --registry-referrers-mode "${mode.slice(0, 40)}": want legacy or oci-1-1`,
  );
}

/** Make of them what the library needs, and hand it to the work with what to sign with. */
export async function withSignOptions<Result>(
  flags: SignFlags,
  io: Io,
  work: (options: Omit<SignOptions, "tags">) => Promise<Result>,
): Promise<Result> {
  if (flags.issueCertificate === true && flags.key !== undefined) {
    throw new UsageError("Cannot use --issue-certificate with a key: sign without --key");
  }
  const formats = parseFormats(flags);
  const annotations = parseAnnotations(flags.annotations ?? []);
  const store = storeOptions(flags, io.env);
  const dockerReference = parseIdentities(flags, formats);
  const legacyReferrers = parseReferrersMode(flags);
  const created = flags.recordCreationTimestamp === true ? timeToRecord(io) : undefined;
  return await withSigner(flags, io, { legacy: formats.includes("legacy") }, (key) =>
    work({
      formats,
      annotations,
      store,
      key,
      dockerReference,
      legacyReferrers,
      created,
      dockerMediaTypes: usesDockerMediaTypes(io),
      dryRun: flags.dryRun,
      clock: io.clock,
      random: Math.random,
    }));
}
