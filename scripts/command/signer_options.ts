import { type Command, Option } from "commander";
import { UsageError } from "../../lib/base/errors.ts";
import { DEFAULT_LOG_RATE } from "../../lib/base/limits.ts";

/** Options of the tasks that sign: with what, and who witnesses; named as cosign names them. */
export interface SignerFlags {
  readonly key?: string;
  readonly signingConfig?: string;
  readonly useSigningConfig?: boolean;
  readonly tlogUpload?: boolean;
  readonly rekorUrl?: string;
  readonly rekorRate: number;
  readonly fulcioUrl?: string;
  readonly timestampServerUrl?: string;
  readonly timestampClientCacert?: string;
  readonly timestampClientCert?: string;
  readonly timestampClientKey?: string;
  readonly timestampServerName?: string;
  readonly trustedRoot?: string;
  readonly identityToken?: string;
  readonly fulcioAuthFlow?: string;
  readonly oidcIssuer?: string;
  readonly oidcClientId: string;
  readonly oidcClientSecretFile?: string;
  readonly oidcRedirectUrl?: string;
  readonly oidcProvider?: string;
  readonly oidcDisableAmbientProviders?: boolean;
  readonly yes?: boolean;
}

function rate(text: string): number {
  const number = Number(text);
  if (/^\d+(?:\.\d+)?$/u.test(text) && number <= 10_000) return number;
  throw new UsageError(`Cannot use "${text.slice(0, 40)}": want entries a second, 0 for no bound`);
}

/** Declare them. */
export function defineSignerOptions(command: Command): void {
  command
    .option(
      "--key <key>",
      "encrypted private key: file, https://, env:// or k8s://; without one, who signs is said by " +
        "an identity token",
    )
    .option("--identity-token <token>", "the token, or better a file that holds it")
    .option("--signing-config <file>", "which services to use")
    .option("--use-signing-config", "use the services that Sigstore's TUF repository names")
    .addOption(new Option("--no-use-signing-config").hideHelp())
    .option("--tlog-upload", "with a key: write its signatures into a transparency log")
    .option("--no-tlog-upload", "write into no log")
    .option("--fulcio-url <url>", "certificate authority")
    .option("--rekor-url <url>", "transparency log, Rekor v1")
    .option("--rekor-rate <n>", "log entries a second; 0 for no bound", rate, DEFAULT_LOG_RATE)
    .option("--timestamp-server-url <url>", "timestamp authority, with path")
    .addOption(new Option("--timestamp-client-cacert <file>").hideHelp())
    .addOption(new Option("--timestamp-client-cert <file>").hideHelp())
    .addOption(new Option("--timestamp-client-key <file>").hideHelp())
    .addOption(new Option("--timestamp-server-name <name>").hideHelp())
    .addOption(new Option("--trusted-root <file>").hideHelp())
    .option("--oidc-issuer <url>", "issuer of identity tokens to sign in with")
    .option(
      "--fulcio-auth-flow <flow>",
      "how to sign in: normal (a browser), device, client_credentials or token",
    )
    .option("--oidc-client-id <id>", "this client's name at the issuer", "sigstore")
    .addOption(new Option("--oidc-client-secret-file <file>").hideHelp())
    .addOption(new Option("--oidc-redirect-url <url>").hideHelp())
    .option(
      "--oidc-provider <name>",
      "take the machine's token from: github-actions, buildkite-agent, envvar or filesystem",
    )
    .option("--oidc-disable-ambient-providers", "do not take the machine's token")
    .option("-y, --yes", "do not ask before what is published for ever");
}
