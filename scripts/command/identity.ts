import { UsageError } from "../../lib/base/errors.ts";
import { ambientAdvice, ambientToken } from "../../lib/sign/ambient_token.ts";
import {
  IdentityError,
  type IdentityToken,
  isToken,
  parseIdentityToken,
  type TokenSource,
} from "../../lib/sign/identity_token.ts";
import { clientCredentialsToken, type OidcClient } from "../../lib/sign/oidc.ts";
import type { Services } from "../../lib/sign/services.ts";
import { readSmallFile } from "./files.ts";
import type { Io } from "./io.ts";
import type { SignerFlags } from "./signer_options.ts";

/** Tokens and secrets are some kilobytes. */
const MAX_BYTES = 64 * 1024;

async function readText(path: string, io: Io): Promise<string | undefined> {
  const bytes = await readSmallFile(path, MAX_BYTES, io);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes).trim();
}

/** The token that `--identity-token` names; a file is read anew each time, since others renew it. */
async function givenToken(word: string, io: Io): Promise<string> {
  if (isToken(word)) return word;
  const text = await readText(word, io);
  if (text !== undefined) return text;
  // What is no file may be a token that is broken: it is not shown.
  throw new UsageError("Cannot use --identity-token: it is neither a token nor a file");
}

async function readSecret(file: string | undefined, io: Io): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const secret = await readText(file, io);
  if (secret === undefined) throw new UsageError(`Cannot read ${file}: there is no such file`);
  return secret;
}

/** What cosign tells before somebody signs in (cmd/cosign/cli/sign/privacy). */
const STATEMENT = `
	Note that if your submission includes personal data associated with this signed artifact, it will be part of an immutable record.
	This may include the email address associated with the account with which you authenticate.
	This information will be used for signing this artifact and will be stored in public transparency logs and cannot be removed later.

`;

async function confirm({ yes }: SignerFlags, io: Io): Promise<void> {
  await io.stderr.write(STATEMENT);
  if (yes === true) return;
  const answer = await io.stdin.ask("Are you sure you would like to continue? [y/N] ", {
    hidden: false,
  });
  if (!/^y(?:es)?$/iu.test(answer.trim())) {
    throw new UsageError("Cannot sign without a key: it was not confirmed");
  }
}

/** Sign in as the flags say, or as the machine allows. */
async function signIn(
  client: OidcClient,
  flags: SignerFlags,
  io: Io,
): Promise<IdentityToken> {
  const { fulcioAuthFlow: flow = io.stdin.isTTY ? "normal" : "device" } = flags;
  if (flags.fulcioAuthFlow === undefined && flow === "device") {
    const advice = ambientAdvice(io.env);
    if (advice !== undefined) {
      throw new IdentityError(`Cannot sign without a key: there is no identity token; ${advice}`);
    }
    await io.stderr.write("Non-interactive mode detected, using device flow.\n");
  }
  switch (flow) {
    case "normal": {
      await confirm(flags, io);
      const { browserToken } = await import("./browser_flow.ts");
      return await browserToken(client, flags.oidcRedirectUrl, io);
    }
    case "device": {
      const { deviceToken } = await import("../../lib/sign/device_flow.ts");
      const token = await deviceToken({
        client,
        clock: io.clock,
        signal: io.signal,
        tell: ({ userCode, address, expiresIn }) =>
          io.stderr.write(
            `Enter the verification code ${userCode} in your browser at: ${address}\n` +
              `Code will be valid for ${expiresIn} seconds\n`,
          ),
      });
      return parseIdentityToken(token, io.clock.now());
    }
    case "client_credentials":
      return parseIdentityToken(await clientCredentialsToken(client), io.clock.now());
    case "token":
      throw new UsageError("Cannot sign in with a token: give it with --identity-token");
    default:
      throw new UsageError(
        `Cannot sign in by "${
          flow.slice(0, 40)
        }": want normal, device, client_credentials or token`,
      );
  }
}

/**
 * Make the source of tokens that say who signs: `--identity-token`, what the machine has, or somebody
 * who signs in.
 */
export function tokenSource(
  flags: SignerFlags,
  services: Services,
  issuer: string | undefined,
  io: Io,
): TokenSource {
  const { identityToken, oidcProvider, oidcDisableAmbientProviders } = flags;
  let signedIn: IdentityToken | undefined;
  return async () => {
    const now = io.clock.now();
    if (identityToken !== undefined && identityToken !== "") {
      return parseIdentityToken(await givenToken(identityToken, io), now);
    }
    if (oidcDisableAmbientProviders !== true) {
      const readToken = (path: string): Promise<string | undefined> => readText(path, io);
      const token = await ambientToken(
        { env: io.env, services, readFile: readToken },
        oidcProvider,
      );
      if (token !== undefined) return parseIdentityToken(token, now);
    }
    if (signedIn !== undefined && signedIn.expiresAt > now) return signedIn;
    if (issuer === undefined) {
      throw new UsageError("Cannot sign without a key: no issuer of identity tokens is named");
    }
    const client: OidcClient = {
      services,
      issuer,
      clientId: flags.oidcClientId,
      clientSecret: await readSecret(flags.oidcClientSecretFile, io),
    };
    signedIn = await signIn(client, flags, io);
    return signedIn;
  };
}
