import { MalformedError, UsageError } from "../../lib/base/errors.ts";
import { type SelectedServices, selectServices } from "../../lib/sign/select_services.ts";
import { parseSigningConfig, type SigningConfig } from "../../lib/sign/signing_config.ts";
import { readInput } from "./files.ts";
import type { Io } from "./io.ts";
import type { SignerFlags } from "./signer_options.ts";

/** The public good instance, where flags name another part of it. */
const PUBLIC = {
  fulcio: "https://fulcio.sigstore.dev",
  rekor: "https://rekor.sigstore.dev",
  issuer: "https://oauth2.sigstore.dev/auth",
} as const;

function namesService(flags: SignerFlags): boolean {
  return [flags.fulcioUrl, flags.rekorUrl, flags.oidcIssuer, flags.timestampServerUrl]
    .some((url) => url !== undefined);
}

function checkLog({ tlogUpload }: SignerFlags): void {
  if (tlogUpload !== false) return;
  throw new UsageError(
    "Cannot leave out the log that a signing config names: use --signing-config with one without " +
      "rekorTlogUrls",
  );
}

function checkFlags(flags: SignerFlags): void {
  const { signingConfig, useSigningConfig, tlogUpload } = flags;
  const configured = signingConfig !== undefined || useSigningConfig === true;
  if (configured && namesService(flags)) {
    throw new UsageError("Cannot specify service URLs and use a signing config");
  }
  if (configured) checkLog(flags);
  if (signingConfig !== undefined && useSigningConfig === true) {
    throw new UsageError("Cannot use both --signing-config and --use-signing-config");
  }
  if (flags.key !== undefined && flags.identityToken !== undefined) {
    throw new UsageError("Cannot sign with a key and an identity: want either");
  }
  if (tlogUpload === false && flags.rekorUrl !== undefined) {
    throw new UsageError("Cannot use --rekor-url without writing to the log");
  }
}

function fromFlags(flags: SignerFlags): SelectedServices {
  const { key, fulcioUrl, oidcIssuer, rekorUrl, timestampServerUrl, tlogUpload } = flags;
  // With a key a log is opt-in, without one it is what everybody verifies by.
  const log = tlogUpload ?? (rekorUrl !== undefined || key === undefined);
  return {
    fulcioUrl: fulcioUrl ?? PUBLIC.fulcio,
    oidcIssuer: oidcIssuer ?? PUBLIC.issuer,
    logs: log ? [{ url: rekorUrl ?? PUBLIC.rekor, version: 1 }] : [],
    timestampAuthorities: timestampServerUrl === undefined ? [] : [timestampServerUrl],
  };
}

async function readConfig(file: string, io: Io): Promise<SigningConfig> {
  try {
    return parseSigningConfig(await readInput(file, io));
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new UsageError(`Cannot use ${file}: ${error.message}`, { cause: error });
  }
}

/**
 * Find the services of a run: from a signing config, or from flags with the public ones for what they
 * leave out; by default from Sigstore's TUF repository.
 *
 * @param legacy whether signatures are written in legacy form, which holds no entries of Rekor v2
 * @returns nothing where a key signs and nobody is to witness
 */
export async function findServices(
  flags: SignerFlags,
  io: Io,
  { legacy }: { readonly legacy: boolean },
): Promise<SelectedServices | undefined> {
  checkFlags(flags);
  const { key, signingConfig, useSigningConfig } = flags;
  const options = {
    now: io.clock.now(),
    random: Math.random,
    logVersions: legacy ? [1] as const : [1, 2] as const,
  };
  if (signingConfig !== undefined) {
    return selectServices(await readConfig(signingConfig, io), options);
  }
  if (
    namesService(flags) ||
    useSigningConfig === false && (key === undefined || flags.tlogUpload === true)
  ) {
    return fromFlags(flags);
  }
  if (key !== undefined && flags.tlogUpload !== true && useSigningConfig !== true) return undefined;
  checkLog(flags);
  const { readSigningConfig } = await import("./tuf.ts");
  return selectServices(await readSigningConfig(io), options);
}
