/**
 * How a registry asks for proof, and how a token is asked for
 * (RFC 9110 §11; https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/).
 */

import * as v from "valibot";
import { encodeBase64, encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import { type Credentials, CredentialsError } from "./credentials.ts";
import { isLoopback } from "./transport.ts";

/** One challenge of a WWW-Authenticate header. */
export interface Challenge {
  /** In lower case: `basic`, `bearer` or another. */
  readonly scheme: string;
  /** Names in lower case; of a repeated one the first value. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a token is to be good for. */
export interface TokenScope {
  /** The token service, as {@link assertRealm} let it pass. */
  readonly realm: URL;
  readonly service?: string;
  /** `repository:<path>:pull`, … */
  readonly scopes: readonly string[];
}

/** The request for a token. */
export interface TokenRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A token, and until when it is good. */
export interface Token {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Seconds that a token lives if the service does not say (token spec, "expires_in"). */
const DEFAULT_SECONDS = 60;

/** No token is trusted to live longer than a day, whatever the service says. */
const MAX_SECONDS = 24 * 60 * 60;

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/uy;
const TOKEN68 = /[0-9A-Za-z._~+/-]+=*/uy;
const SPACE = /[ \t]*/uy;
const SEPARATORS = /[ \t,]*/uy;
const SKIPPED = /[^,]*/uy;

/** Reads a header from left to right; it never goes back further than one word. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Take what matches here; nothing if nothing does. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  /** Take one character if it is the next. */
  takeIf(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  /** Take a token68 (RFC 9110 §11.2), which is told from a parameter by what follows it. */
  takeToken68(): void {
    const start = this.#at;
    this.take(TOKEN68);
    this.take(SPACE);
    if (!this.done && this.#text[this.#at] !== ",") this.#at = start;
  }

  /** Take the rest of a quoted string (RFC 9110 §5.6.4); nothing if it does not end. */
  takeQuoted(): string | undefined {
    const parts: string[] = [];
    let start = this.#at;
    for (; !this.done; this.#at++) {
      const character = this.#text[this.#at];
      if (character === '"') {
        parts.push(this.#text.slice(start, this.#at++));
        return parts.join("");
      }
      if (character === "\\") {
        parts.push(this.#text.slice(start, this.#at++));
        start = this.#at;
      }
    }
    return undefined;
  }
}

/**
 * Read a WWW-Authenticate header, or several joined by commas (RFC 9110 §11.6.1).
 *
 * Never throws, and takes time in proportion to the header: what cannot be read is left out, and
 * a quoted string that does not end takes the rest with it.
 */
export function parseChallenges(header: string): Challenge[] {
  const scanner = new Scanner(header);
  const challenges: { readonly scheme: string; readonly parameters: Map<string, string> }[] = [];
  while (!scanner.done) {
    scanner.take(SEPARATORS);
    const word = scanner.take(TOKEN).toLowerCase();
    const spaced = scanner.take(SPACE) !== "";
    if (word === "") {
      scanner.take(SKIPPED);
    } else if (scanner.takeIf("=")) {
      scanner.take(SPACE);
      const value = scanner.takeIf('"') ? scanner.takeQuoted() : scanner.take(TOKEN);
      const parameters = challenges.at(-1)?.parameters;
      if (value !== undefined && parameters?.has(word) === false) parameters.set(word, value);
    } else {
      challenges.push({ scheme: word, parameters: new Map() });
      if (spaced) scanner.takeToken68();
    }
  }
  // fromEntries defines what it is given, "__proto__" too, and sets nothing.
  return challenges.map(({ scheme, parameters }) => ({
    scheme,
    parameters: Object.fromEntries(parameters),
  }));
}

/**
 * Check where a registry sends us for a token: HTTPS, or a loopback address when the registry is on
 * one itself, or the registry's own host when the user allowed plain HTTP to it. Elsewhere the
 * password would cross a network in the clear.
 *
 * @throws {CredentialsError}
 */
export function assertRealm(realm: string, registryUrl: URL): URL {
  const refuse = (why: string): never => {
    throw new CredentialsError(`Cannot get a token for ${registryUrl.host}: ${why}`);
  };
  if (!URL.canParse(realm)) return refuse("the realm in its challenge is not a URL");
  const url = new URL(realm);
  if (url.username !== "" || url.password !== "") return refuse("its realm has a user name in it");
  if (url.protocol === "https:") return url;
  // A registry spoken to over plain HTTP is on loopback, or the user allowed it.
  const plain = url.protocol === "http:" && registryUrl.protocol === "http:";
  const local = isLoopback(url.hostname) && isLoopback(registryUrl.hostname);
  if (plain && (local || url.hostname === registryUrl.hostname)) return url;
  return refuse(`its realm ${url.protocol}//${url.host} is not HTTPS`);
}

/**
 * Make the request for a token: GET with the name and password, or as nobody; POST for an identity
 * token. A bearer token of the user's own is one already and is not sent here.
 */
export function tokenRequest(
  { realm, service, scopes }: TokenScope,
  credentials: Credentials | undefined,
): TokenRequest {
  if (credentials?.kind === "identity-token") {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: credentials.token,
      client_id: "sigfleet",
      ...(service === undefined ? {} : { service }),
      // One parameter, scopes apart by spaces (RFC 6749 §3.3).
      ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
    });
    return {
      method: "POST",
      url: realm,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: encodeText(form.toString()),
    };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  // A parameter for each scope (token spec, "Requesting a Token").
  for (const scope of scopes) url.searchParams.append("scope", scope);
  if (credentials?.kind !== "basic") return { method: "GET", url, headers: {} };
  const pair = encodeBase64(encodeText(`${credentials.username}:${credentials.password}`));
  return { method: "GET", url, headers: { authorization: `Basic ${pair}` } };
}

/** What goes into a header: visible ASCII, so that it cannot end the line. */
const TokenSchema = v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/u));

const AnswerSchema = v.object({
  token: v.nullish(v.union([TokenSchema, v.literal("")])),
  access_token: v.nullish(v.union([TokenSchema, v.literal("")])),
  expires_in: v.nullish(v.number()),
});

/**
 * Read the token service's answer. A token lives from `now` on: `issued_at` is by another clock.
 *
 * @throws {MalformedError} which quotes nothing of the answer
 */
export function parseToken(bytes: Uint8Array, now: number): Token {
  const what = "the token service's answer";
  let answer: v.InferOutput<typeof AnswerSchema>;
  try {
    answer = parseJson(what, bytes, AnswerSchema);
  } catch (error) {
    // The parser's messages quote the text, and with it a token: neither they nor the cause go on.
    if (error instanceof MalformedError) {
      throw new MalformedError(what, "not of the form it must be");
    }
    throw error;
  }
  const token = answer.token || answer.access_token;
  if (!token) throw new MalformedError(what, "no token in it");
  const seconds = answer.expires_in ?? 0;
  const life = seconds > 0 ? Math.min(seconds, MAX_SECONDS) : DEFAULT_SECONDS;
  return { token, expiresAt: now + life * 1000 };
}
