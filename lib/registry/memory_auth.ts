/**
 * Who may do what in the embedded registry: Basic, or Bearer with its token endpoint
 * (https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/).
 */

import { decodeBase64, decodeText } from "../base/bytes.ts";
import { answerJson, type MemoryAnswer, type MemoryRequest, refuse } from "./memory_answer.ts";

/** Name and password with every request. */
export interface BasicAuth {
  readonly kind: "basic";
  readonly username: string;
  readonly password: string;
}

/** Tokens from the registry's own token endpoint. */
export interface BearerAuth {
  readonly kind: "bearer";
  /** Without one, anybody is given what they ask for, but must fetch a token for it. */
  readonly username?: string;
  readonly password?: string;
  /** The refresh token that the endpoint accepts, as Azure's registries give out. */
  readonly identityToken?: string;
  /** Whether those without credentials may pull, and only that. */
  readonly anonymousPull?: boolean;
  /** The token endpoint's URL; `/token` on the host that was asked unless told. */
  readonly realm?: string;
  /** How long a token is good for: 300 unless told. */
  readonly tokenSeconds?: number;
}

/** How the embedded registry wants its clients to prove themselves. */
export type RegistryAuth = BasicAuth | BearerAuth;

/** What stands between a request and the registry. */
export interface Gate {
  /** The refusal of a request that lacks one of the `scopes`. */
  check(request: MemoryRequest, scopes: readonly string[]): MemoryAnswer | undefined;
  /** The token endpoint, where there is one. */
  readonly tokens?: {
    readonly path: string;
    issue(request: MemoryRequest, query: URLSearchParams): MemoryAnswer;
  };
}

const SERVICE = "registry";

/** What an Authorization header carries under a scheme. */
function credentialOf(
  { headers }: MemoryRequest,
  scheme: "basic" | "bearer",
): string | undefined {
  const [given = "", value = ""] = (headers["authorization"] ?? "").split(" ");
  return given.toLowerCase() === scheme && value !== "" ? value : undefined;
}

/** Whether a request proves itself by name and password; nothing if it does not try. */
function provesPassword(
  request: MemoryRequest,
  { username, password = "" }: RegistryAuth,
): boolean | undefined {
  const credential = credentialOf(request, "basic");
  if (credential === undefined || username === undefined) return undefined;
  try {
    return decodeText(decodeBase64(credential)) === `${username}:${password}`;
  } catch {
    return false;
  }
}

function unauthorized(challenge: string): MemoryAnswer {
  return refuse(401, "UNAUTHORIZED", "authentication required", { "www-authenticate": challenge });
}

/** Take `repository:name:pull,push` apart into one scope an action. */
function singleScopes(scopes: readonly string[]): string[] {
  return scopes.flatMap((text) => text.split(" ")).flatMap((scope) => {
    const colon = scope.lastIndexOf(":");
    return scope.slice(colon + 1).split(",").map((action) => `${scope.slice(0, colon)}:${action}`);
  });
}

function basicGate(auth: BasicAuth): Gate {
  return {
    check: (request) =>
      provesPassword(request, auth) === true
        ? undefined
        : unauthorized(`Basic realm="sigfleet embedded registry"`),
  };
}

function bearerGate(auth: BearerAuth, now: () => number): Gate {
  const tokens = new Map<string, { readonly scopes: ReadonlySet<string>; expires: number }>();
  const seconds = auth.tokenSeconds ?? 300;

  const challenge = (request: MemoryRequest, scopes: readonly string[], error?: string) =>
    unauthorized([
      `Bearer realm="${auth.realm ?? `http://${request.headers["host"] ?? "localhost"}/token`}"`,
      `service="${SERVICE}"`,
      ...(scopes.length === 0 ? [] : [`scope="${scopes.join(" ")}"`]),
      ...(error === undefined ? [] : [`error="${error}"`]),
    ].join(","));

  /** Whether the asker is known, unknown, or nobody in particular. */
  const identify = (request: MemoryRequest, form: URLSearchParams): boolean | undefined => {
    switch (form.get("grant_type")) {
      case "refresh_token":
        return auth.identityToken !== undefined &&
          form.get("refresh_token") === auth.identityToken;
      case "password":
        return form.get("username") === auth.username && form.get("password") === auth.password;
      default:
        return provesPassword(request, auth);
    }
  };

  const grant = (scopes: string[]): MemoryAnswer => {
    // All live equally long, so the map's order is that of expiry.
    for (const [token, { expires }] of tokens) {
      if (expires > now()) break;
      tokens.delete(token);
    }
    const token = crypto.randomUUID();
    tokens.set(token, { scopes: new Set(scopes), expires: now() + seconds * 1000 });
    return answerJson(200, {
      token,
      access_token: token,
      expires_in: seconds,
      issued_at: new Date(now()).toISOString(),
    });
  };

  return {
    check(request, scopes) {
      const credential = credentialOf(request, "bearer");
      if (credential === undefined) return challenge(request, scopes);
      const token = tokens.get(credential);
      if (token === undefined || token.expires <= now()) {
        return challenge(request, scopes, "invalid_token");
      }
      return singleScopes(scopes).every((scope) => token.scopes.has(scope))
        ? undefined
        : challenge(request, scopes, "insufficient_scope");
    },
    tokens: {
      path: auth.realm === undefined ? "/token" : new URL(auth.realm).pathname,
      issue(request, query) {
        const form = request.method === "POST"
          ? new URLSearchParams(new TextDecoder().decode(request.body))
          : query;
        const known = identify(request, form);
        const scopes = singleScopes(form.getAll("scope"));
        if (known === true) return grant(scopes);
        if (known === undefined && auth.anonymousPull === true) {
          // Less than asked for is no error here; the registry then refuses the token.
          return grant(scopes.filter((scope) => scope.endsWith(":pull")));
        }
        if (known === undefined && auth.username === undefined) return grant(scopes);
        return refuse(401, "UNAUTHORIZED", "incorrect username or password");
      },
    },
  };
}

/** Open the gate of a registry; without `auth` everybody passes. */
export function openGate(auth: RegistryAuth | undefined, now: () => number): Gate | undefined {
  if (auth === undefined) return undefined;
  return auth.kind === "basic" ? basicGate(auth) : bearerGate(auth, now);
}
