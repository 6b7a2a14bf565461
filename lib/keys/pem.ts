import { decodeBase64, encodeBase64 } from "../base/bytes.ts";
import { KeyError } from "./key_error.ts";

/** One PEM block: its label (the words after BEGIN), and the bytes within. */
export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
}

const BEGIN = /-----BEGIN ([A-Z0-9 ]{1,64})-----/u;

/**
 * Read the one PEM block of a text (RFC 7468). Text around it is skipped, as OpenSSL and Go do;
 * a second block is an error, since which of two keys is meant cannot be known.
 *
 * @param what names the thing in the error: "public key cosign.pub"
 * @throws {KeyError}
 */
export function decodePem(text: string, what: string): PemBlock {
  const begin = BEGIN.exec(text);
  if (begin === null) throw new KeyError(`Cannot read ${what}: it is not PEM`);
  const label = begin[1]!;
  const start = begin.index + begin[0].length;
  const footer = `-----END ${label}-----`;
  const end = text.indexOf(footer, start);
  if (end === -1) throw new KeyError(`Cannot read ${what}: its PEM lacks the line "${footer}"`);
  if (BEGIN.test(text.slice(end + footer.length))) {
    throw new KeyError(`Cannot read ${what}: it holds more than one PEM block; want one a file`);
  }
  try {
    return { label, bytes: decodeBase64(text.slice(start, end).replace(/[ \t\r\n]+/gu, "")) };
  } catch {
    throw new KeyError(`Cannot read ${what}: the body of its PEM is not base64`);
  }
}

/** Write a PEM block as Go does, and so cosign: lines of 64 characters, a line feed at the end. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const body = encodeBase64(bytes).replace(/.{1,64}/gu, "$&\n");
  return `-----BEGIN ${label}-----\n${body}-----END ${label}-----\n`;
}
