/** DER by hand, for what no package writes as badly as a test wants. */

import { Buffer } from "node:buffer";
import { concatBytes, encodeText } from "../../lib/base/bytes.ts";

/** One element: its tag, and what is in it. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(parts);
  const { length } = body;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return concatBytes([Uint8Array.of(tag, ...size), body]);
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return element(0x30, ...parts);
}

/** An element with a tag of the context's own, that holds others. */
export function context(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return element(0xa0 + number, ...parts);
}

/** A positive INTEGER. */
export function integer(value: number | Uint8Array): Uint8Array {
  const bytes = typeof value === "number" ? Uint8Array.of(value) : value;
  return element(0x02, ...(bytes[0]! >= 0x80 ? [Uint8Array.of(0), bytes] : [bytes]));
}

export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = rest.flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift(left & 0x7f | 0x80);
    return digits;
  });
  return element(0x06, Uint8Array.of(40 * first + second, ...bytes));
}

export function octets(...parts: readonly Uint8Array[]): Uint8Array {
  return element(0x04, ...parts);
}

export function bits(bytes: Uint8Array): Uint8Array {
  return element(0x03, Uint8Array.of(0), bytes);
}

/** A GeneralizedTime, in whole seconds. */
export function time(milliseconds: number): Uint8Array {
  const text = new Date(milliseconds).toISOString().replace(/\..*$/u, "").replace(/[-:T]/gu, "");
  return element(0x18, encodeText(`${text}Z`));
}

export function hexBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}
