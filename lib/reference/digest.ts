import type { ErrorCode } from "../base/errors.ts";
import { sha256Hex } from "../base/hash.ts";

/** A content digest: `sha256:` and 64 lower-case hexadecimal digits (OCI image spec, descriptor). */
export type Digest = `sha256:${string}` & { readonly __digest: true };

/** Text that is no digest of the one supported kind. */
export class DigestSyntaxError extends SyntaxError {
  override readonly name = "DigestSyntaxError";
  readonly code: Extract<ErrorCode, "DIGEST_SYNTAX"> = "DIGEST_SYNTAX";

  constructor(text: string) {
    super(`Cannot parse digest "${text.slice(0, 80)}": want sha256: and 64 lower-case hex digits`);
  }
}

/** Whether `text` is a digest. */
export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/u.test(text);
}

/**
 * Check and brand a digest.
 *
 * @throws {DigestSyntaxError}
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new DigestSyntaxError(text);
  return text;
}

/** The digest of `bytes`. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${sha256Hex(bytes)}` as Digest;
}

/** The digest of what has this SHA-256. */
export function digestOfHash(sha256: Uint8Array): Digest {
  const digits = Array.from(sha256, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return parseDigest(`sha256:${digits}`);
}

/** The 64 hexadecimal digits of a digest. */
export function digestHex(digest: Digest): string {
  return digest.slice("sha256:".length);
}
