import { messageOf } from "../base/errors.ts";
import type { HttpRequest, HttpResponse } from "../base/http.ts";
import { encodeBase64, encodeText } from "../base/bytes.ts";
import { MAX_ANSWER_BYTES } from "../base/limits.ts";
import {
  assertRealm,
  type Challenge,
  parseChallenges,
  parseToken,
  type Token,
  tokenRequest,
} from "./challenge.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";
import { describeRequest, RegistryError } from "./registry_error.ts";

/** A token is renewed this long before it expires, in milliseconds. */
const EARLY = 10_000;

/** What {@link openAuthorizer} needs to know and do. */
export interface AuthorizerOptions {
  readonly registry: string;
  /** The registry's own address. */
  readonly base: URL;
  readonly credentials: CredentialSource;
  /** Send a request to the token service, with retries. */
  readonly exchange: (
    request: Pick<HttpRequest, "method" | "url" | "headers" | "body" | "maxBytes">,
  ) => Promise<HttpResponse>;
  readonly now: () => number;
}

/** Knows how one registry wants to be asked, and keeps its tokens. */
export interface Authorizer {
  /** The Authorization header for a scope; `undefined` while the registry has not asked for one. */
  header(scope: string): Promise<string | undefined>;
  /**
   * Learn from a 401 how to ask.
   *
   * @returns whether asking again can help
   */
  challenged(response: HttpResponse, scope: string, sent: string | undefined): Promise<boolean>;
}

function basicHeader(username: string, password: string): string {
  return `Basic ${encodeBase64(encodeText(`${username}:${password}`))}`;
}

/** Make the authorizer of one registry: none, Basic, or Bearer tokens, one for each scope. */
export function openAuthorizer(options: AuthorizerOptions): Authorizer {
  const { registry, base, now } = options;
  let challenge: Challenge | undefined;
  let found: Promise<Credentials | undefined> | undefined;
  const tokens = new Map<string, Promise<Token>>();

  // Whatever is wrong with the credentials concerns this registry only: it is no one else's error.
  const refuse = (error: unknown): never => {
    if (error instanceof RegistryError) throw error;
    throw new RegistryError(messageOf(error), {
      failure: "unauthorized",
      request: `get credentials for ${registry}`,
      attempts: 1,
    }, { cause: error });
  };
  const credentials = (): Promise<Credentials | undefined> =>
    found ??= options.credentials(registry).catch(refuse);

  const fetchToken = async (bearer: Challenge, scope: string): Promise<Token> => {
    const realm = assertRealm(bearer.parameters["realm"] ?? "", base);
    const service = bearer.parameters["service"];
    const request = tokenRequest({
      realm,
      ...(service === undefined ? {} : { service }),
      scopes: scope === "" ? [] : scope.split(" "),
    }, await credentials());
    const response = await options.exchange({ ...request, maxBytes: MAX_ANSWER_BYTES });
    if (response.status === 200) return parseToken(response.body, now());
    throw new RegistryError(`the token service answered ${response.status}`, {
      failure: "unauthorized",
      request: describeRequest(request.method, request.url),
      status: response.status,
      attempts: 1,
    });
  };

  const bearerHeader = async (bearer: Challenge, scope: string): Promise<string> => {
    const held = await credentials();
    if (held?.kind === "bearer") return `Bearer ${held.token}`;
    const cached = tokens.get(scope);
    if (cached !== undefined) {
      // A failed exchange must not stay: the next request asks anew.
      const token = await cached.catch(() => undefined);
      if (token !== undefined && token.expiresAt - EARLY > now()) return `Bearer ${token.token}`;
      if (tokens.get(scope) === cached) tokens.delete(scope);
    }
    let pending = tokens.get(scope);
    if (pending === undefined) {
      pending = fetchToken(bearer, scope).catch(refuse);
      tokens.set(scope, pending);
    }
    return `Bearer ${(await pending).token}`;
  };

  return {
    async header(scope) {
      if (challenge === undefined) return undefined;
      if (challenge.scheme === "bearer") return await bearerHeader(challenge, scope);
      const held = await credentials();
      return held?.kind === "basic" ? basicHeader(held.username, held.password) : undefined;
    },

    async challenged(response, scope, sent) {
      const offered = parseChallenges(response.headers["www-authenticate"] ?? "");
      challenge = offered.find(({ scheme }) => scheme === "bearer") ??
        offered.find(({ scheme }) => scheme === "basic");
      if (challenge === undefined) return false;
      if (challenge.scheme === "basic") {
        return sent === undefined && (await credentials())?.kind === "basic";
      }
      if (sent === undefined) return true;
      if ((await credentials())?.kind === "bearer") return false;
      // The token that was refused may have expired on the registry's clock: get another, unless a
      // request beside this one has begun to.
      const pending = tokens.get(scope);
      const cached = await pending?.catch(() => undefined);
      const refused = cached !== undefined && `Bearer ${cached.token}` === sent;
      if (refused && tokens.get(scope) === pending) tokens.delete(scope);
      return true;
    },
  };
}
