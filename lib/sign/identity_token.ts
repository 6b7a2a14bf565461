import * as v from "valibot";
import { decodeBase64 } from "../base/bytes.ts";
import { type ErrorCode, MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";

/** There is no token that says who signs, or it cannot be used. */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
  readonly code: Extract<ErrorCode, "IDENTITY"> = "IDENTITY";
}

/** A token of an OpenID Connect issuer that says who signs. What is secret of it is not a field. */
export interface IdentityToken {
  /** What Fulcio asks to be signed: the e-mail address, or else the subject. */
  readonly subject: string;
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** The token itself. A secret: for nothing but the request's header. */
  readonly reveal: () => string;
}

/** Gives a token that is valid now; called once for each certificate. */
export type TokenSource = () => Promise<IdentityToken>;

/** Tokens are some kilobytes. */
const MAX_TOKEN_LENGTH = 64 * 1024;

const Text = v.pipe(v.string(), v.minLength(1));

const ClaimsSchema = v.object({
  iss: Text,
  sub: v.optional(v.string()),
  exp: v.pipe(v.number(), v.finite()),
  email: v.optional(v.string()),
  // Some issuers write booleans as text.
  email_verified: v.optional(v.union([v.boolean(), v.string()])),
  nonce: v.optional(v.string()),
});

/** Whether a word looks like a token, and not like the name of a file. */
export function isToken(word: string): boolean {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/u.test(word.trim());
}

/** Read the claims of a JSON Web Token (RFC 7519) without verifying it. */
function readClaims(token: string): v.InferOutput<typeof ClaimsSchema> {
  if (token.length > MAX_TOKEN_LENGTH || !isToken(token)) {
    throw new IdentityError("Cannot read the identity token: it is no JSON Web Token");
  }
  try {
    return parseJson("identity token", decodeBase64(token.split(".")[1]!), ClaimsSchema);
  } catch (error) {
    // A JSON parser's message may quote what it read.
    const why = error instanceof MalformedError && error.cause === undefined
      ? error.message
      : "Cannot read the identity token: its claims are no JSON";
    throw new IdentityError(why);
  }
}

/**
 * Read a token far enough to use it. Nothing of it is verified: that is Fulcio's to do.
 *
 * @param now milliseconds since 1970
 * @param nonce what an interactive flow asked the issuer to put in
 * @throws {IdentityError} if it is none, or has expired
 */
export function parseIdentityToken(text: string, now: number, nonce?: string): IdentityToken {
  const token = text.trim();
  const { iss, sub, exp, email, email_verified: verified, nonce: found } = readClaims(token);
  const expiresAt = exp * 1000;
  if (expiresAt <= now) {
    throw new IdentityError(
      `Cannot use the identity token: it expired at ${
        new Date(expiresAt).toISOString()
      }; get a new one`,
    );
  }
  if (nonce !== undefined && nonce !== found) {
    throw new IdentityError("Cannot use the identity token: it is not for this sign-in");
  }
  if (email !== undefined && email !== "" && String(verified).toLowerCase() !== "true") {
    throw new IdentityError(
      "Cannot use the identity token: its issuer has not verified the e-mail address",
    );
  }
  const subject = email || sub;
  if (subject === undefined || subject === "") {
    throw new IdentityError("Cannot use the identity token: it has no subject");
  }
  return { subject, issuer: iss, expiresAt, reveal: () => token };
}
