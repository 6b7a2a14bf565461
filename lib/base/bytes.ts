/** Bytes and text: the conversions that every stage needs, each strict about what it accepts. */

import { Buffer } from "node:buffer";

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Encode text as UTF-8. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * Decode UTF-8.
 *
 * @throws {TypeError} if the bytes are not valid UTF-8
 */
export function decodeText(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes);
}

/** Encode bytes as standard base64 with padding (RFC 4648 §4). */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/**
 * Decode standard base64, or base64url as protobuf's JSON allows, with or without padding.
 *
 * @throws {SyntaxError} if a character is outside the alphabet or the length is impossible
 */
export function decodeBase64(text: string): Uint8Array {
  const body = text.replace(/={1,2}$/u, "");
  if (!/^[A-Za-z0-9+/_-]*$/u.test(body) || body.length % 4 === 1) {
    throw new SyntaxError("Cannot decode base64: unexpected character or length");
  }
  return new Uint8Array(Buffer.from(body, "base64"));
}

/** Join byte strings. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Whether two byte strings are the same. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
