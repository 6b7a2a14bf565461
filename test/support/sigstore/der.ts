/** DER to write, for certificates and timestamps that tests make. */

import { concatBytes, encodeText } from "../../../lib/base/bytes.ts";
import { DER_TAGS, encodeDer } from "../../../lib/signature/der.ts";

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array =>
  encodeDer(DER_TAGS.sequence, parts);

export const set = (...parts: readonly Uint8Array[]): Uint8Array => encodeDer(DER_TAGS.set, parts);

export const octets = (...parts: readonly Uint8Array[]): Uint8Array =>
  encodeDer(DER_TAGS.octetString, parts);

/** A context-specific tag, constructed. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  encodeDer(0xa0 + number, parts);

export const bits = (...octets: readonly number[]): Uint8Array =>
  encodeDer(DER_TAGS.bitString, [Uint8Array.from([0, ...octets])]);

export const bitString = (bytes: Uint8Array): Uint8Array =>
  encodeDer(DER_TAGS.bitString, [Uint8Array.of(0), bytes]);

export const boolean = (value: boolean): Uint8Array =>
  encodeDer(DER_TAGS.boolean, [Uint8Array.of(value ? 0xff : 0)]);

export const integer = (...octets: readonly number[]): Uint8Array =>
  encodeDer(DER_TAGS.integer, [Uint8Array.from(octets)]);

export const utf8 = (text: string): Uint8Array =>
  encodeDer(DER_TAGS.utf8String, [encodeText(text)]);

function arcOctets(arc: number): readonly number[] {
  const octets = [arc & 0x7f];
  for (let rest = arc >> 7; rest > 0; rest >>= 7) octets.unshift(0x80 | (rest & 0x7f));
  return octets;
}

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...others] = dotted.split(".").map(Number);
  const octets = [40 * first + second, ...others].flatMap(arcOctets);
  return encodeDer(DER_TAGS.oid, [Uint8Array.from(octets)]);
}

const digits = (time: number): string =>
  new Date(time).toISOString().replace(/\.\d+Z$/u, "Z").replace(/[-:T]/gu, "");

export const utcTime = (time: number): Uint8Array =>
  encodeDer(DER_TAGS.utcTime, [encodeText(digits(time).slice(2))]);

export const generalizedTime = (time: number): Uint8Array =>
  encodeDer(DER_TAGS.generalizedTime, [encodeText(digits(time))]);

/** Bytes in network order, as TLS writes numbers. */
export function bigEndian(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = length - 1, rest = number; index >= 0; index -= 1) {
    bytes[index] = rest % 0x100;
    rest = Math.floor(rest / 0x100);
  }
  return bytes;
}

/** A value with its length before it. */
export const opaque = (bytes: Uint8Array, width = 2): Uint8Array =>
  concatBytes([bigEndian(bytes.length, width), bytes]);
