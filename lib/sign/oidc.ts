import * as v from "valibot";
import { encodeBase64, encodeText } from "../base/bytes.ts";
import { sha256 } from "../base/hash.ts";
import { parseJson } from "../base/json.ts";
import { IdentityError } from "./identity_token.ts";
import { endpoint, type Services } from "./services.ts";

/** A client of an issuer of tokens. */
export interface OidcClient {
  readonly services: Services;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
}

/** Where an issuer does what (OpenID Connect Discovery 1.0 §3). */
export interface OidcEndpoints {
  readonly authorization: string;
  readonly token: string;
  readonly device?: string | undefined;
}

/** A secret of one sign-in, and what is told of it beforehand (RFC 7636). */
export interface CodeChallenge {
  readonly verifier: string;
  readonly challenge: string;
}

/** What is asked for: a token, with the e-mail address in it. */
export const SCOPE = "openid email";

const DEADLINE = 30_000;

const DiscoverySchema = v.object({
  issuer: v.string(),
  authorization_endpoint: v.string(),
  token_endpoint: v.string(),
  device_authorization_endpoint: v.optional(v.string()),
});

/** A random word that fits into addresses. */
export function randomWord(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
}

function toBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/u, "");
}

/** Make the secret of one sign-in. */
export function makeChallenge(): CodeChallenge {
  const verifier = randomWord();
  return { verifier, challenge: toBase64Url(sha256(encodeText(verifier))) };
}

/**
 * Ask an issuer where it does what.
 *
 * @throws {ServiceError}
 * @throws {IdentityError} if it says that it is another
 */
export async function discover({ services, issuer }: OidcClient): Promise<OidcEndpoints> {
  const purpose = "ask the issuer of identity tokens";
  const { body } = await services.request({
    purpose,
    method: "GET",
    url: endpoint(issuer, "/.well-known/openid-configuration", purpose),
    headers: { accept: "application/json" },
    deadline: DEADLINE,
    expect: [200],
  });
  const found = parseJson("the issuer's configuration", body, DiscoverySchema);
  // Else somebody could have tokens sent to where they are not meant to go.
  if (found.issuer.replace(/\/$/u, "") !== issuer.replace(/\/$/u, "")) {
    throw new IdentityError(
      `Cannot get an identity token from ${
        issuer.slice(0, 200)
      }: it says that it is another issuer`,
    );
  }
  return {
    authorization: found.authorization_endpoint,
    token: found.token_endpoint,
    device: found.device_authorization_endpoint,
  };
}

/** Send a form to an issuer; `expect` names the statuses that are answers. */
export async function postForm(
  { services, clientId, clientSecret }: OidcClient,
  address: string,
  fields: Readonly<Record<string, string>>,
  expect: readonly number[] = [200],
): Promise<Uint8Array> {
  const purpose = "get an identity token";
  const form = new URLSearchParams({
    client_id: clientId,
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
    ...fields,
  });
  const { body } = await services.request({
    purpose,
    method: "POST",
    url: endpoint(address, "", purpose),
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      accept: "application/json",
    },
    body: encodeText(form.toString()),
    secret: true,
    deadline: DEADLINE,
    expect,
  });
  return body;
}

const TokenSchema = v.object({ id_token: v.string() });

/**
 * Make the address at which somebody signs in with a browser (OpenID Connect Core 1.0 §3.1.2.1).
 *
 * @param state comes back with the code, and must be the same
 * @param nonce comes back in the token, and must be the same
 */
export function signInAddress(
  endpoints: OidcEndpoints,
  { clientId }: OidcClient,
  { redirect, state, nonce, challenge }: {
    readonly redirect: string;
    readonly state: string;
    readonly nonce: string;
    readonly challenge: CodeChallenge;
  },
): URL {
  const url = endpoint(endpoints.authorization, "", "sign in");
  const query = {
    access_type: "online",
    client_id: clientId,
    code_challenge: challenge.challenge,
    code_challenge_method: "S256",
    nonce,
    redirect_uri: redirect,
    response_type: "code",
    scope: SCOPE,
    state,
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** Exchange the code that a browser brought for a token. */
export async function exchangeCode(
  client: OidcClient,
  endpoints: OidcEndpoints,
  { code, redirect, challenge }: {
    readonly code: string;
    readonly redirect: string;
    readonly challenge: CodeChallenge;
  },
): Promise<string> {
  const body = await postForm(client, endpoints.token, {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirect,
    code_verifier: challenge.verifier,
  });
  return parseJson("the issuer's answer", body, TokenSchema).id_token;
}

/** Get a token for a client that is nobody's (RFC 6749 §4.4). */
export async function clientCredentialsToken(client: OidcClient): Promise<string> {
  const endpoints = await discover(client);
  const body = await postForm(client, endpoints.token, {
    grant_type: "client_credentials",
    scope: SCOPE,
  });
  return parseJson("the issuer's answer", body, TokenSchema).id_token;
}
