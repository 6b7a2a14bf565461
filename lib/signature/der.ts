import { Buffer } from "node:buffer";
import { ASN1Obj } from "@sigstore/core";
import { concatBytes } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";

/** A value in DER (X.690), as it was read. */
export interface DerValue {
  /** The identifier octet: class, whether it is constructed, and number. */
  readonly tag: number;
  /** The whole of it, as it stands: what is signed is verified over these and never encoded anew. */
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
  /** What a constructed value holds; of an OCTET STRING the DER within, where it holds some. */
  readonly children: readonly DerValue[];
}

/** The identifier octets that are read here. */
export const DER_TAGS = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Greater numbers in object identifiers are not read: they would lose digits. */
const MAX_ARC = 2 ** 40;

/** Larger certificates and timestamps are not parsed: real ones have some kilobytes. */
const MAX_DER_BYTES = 64 * 1024;

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) octets.unshift(rest & 0xff);
  return [0x80 + octets.length, ...octets];
}

/** The parser takes only shortest lengths and tags of one octet, so the header's size is known. */
function convert({ tag, value, subs }: ASN1Obj): DerValue {
  const header = 1 + lengthOctets(value.length).length;
  return {
    tag: tag.toDER(),
    bytes: new Uint8Array(value.buffer, value.byteOffset - header, header + value.length),
    content: new Uint8Array(value.buffer, value.byteOffset, value.length),
    children: subs.map(convert),
  };
}

/**
 * Read one value in DER, with nothing after it.
 *
 * @param what names it in the error: "certificate"
 * @throws {MalformedError}
 */
export function parseDer(what: string, untrusted: Uint8Array): DerValue {
  if (untrusted.length > MAX_DER_BYTES) {
    throw new MalformedError(what, `it is larger than ${MAX_DER_BYTES} bytes`);
  }
  try {
    return convert(ASN1Obj.parseBuffer(Buffer.from(untrusted)));
  } catch (error) {
    throw new MalformedError(what, "it is not DER", { cause: error });
  }
}

/** Write a value in DER. */
export function encodeDer(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(parts);
  return concatBytes([Uint8Array.from([tag, ...lengthOctets(content.length)]), content]);
}

/** The member of a value at a place, with the tag that it must have. */
export function derChild(value: DerValue | undefined, index: number, tag?: number): DerValue {
  const child = value?.children.at(index);
  if (child === undefined || (tag !== undefined && child.tag !== tag)) {
    throw new MalformedError("DER", "it has another shape");
  }
  return child;
}

/**
 * An object identifier in dotted form.
 *
 * @throws {MalformedError} if it is none, or not in its shortest form
 */
export function derOid({ tag, content }: DerValue): string {
  const arcs: number[] = [];
  let arc = 0;
  let begins = true;
  let valid = tag === DER_TAGS.oid;
  for (const octet of content) {
    valid &&= !(begins && octet === 0x80) && arc < MAX_ARC;
    arc = arc * 0x80 + (octet & 0x7f);
    begins = octet < 0x80;
    if (!begins) continue;
    // The first two are one number.
    const first = Math.min(Math.floor(arc / 40), 2);
    arcs.push(...arcs.length > 0 ? [arc] : [first, arc - 40 * first]);
    arc = 0;
  }
  if (valid && begins && arcs.length > 0) return arcs.join(".");
  throw new MalformedError("DER", "want an object identifier");
}

/** RFC 5280 §4.1.2.5, and RFC 3161 §2.4.2, whose times may have fractions of a second. */
const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{0,8}[1-9])?Z$/u;

/**
 * A time, in milliseconds since 1970.
 *
 * @throws {MalformedError}
 */
export function derTime({ tag, content }: DerValue): number {
  const text = Buffer.from(content).toString("latin1");
  const isShort = tag === DER_TAGS.utcTime;
  const century = Number(text.slice(0, 2)) >= 50 ? "19" : "20";
  const parts = TIME.exec(isShort ? `${century}${text}` : text);
  if (parts !== null && (tag === DER_TAGS.generalizedTime || isShort)) {
    const [, year, month, day, hour, minute, second, fraction = ""] = parts;
    const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
    const time = Date.parse(`${iso}Z`);
    if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(iso)) {
      return time + Number(`0${fraction}`) * 1000;
    }
  }
  throw new MalformedError("DER", "want a time");
}

/**
 * A BOOLEAN.
 *
 * @throws {MalformedError}
 */
export function derBoolean({ tag, content }: DerValue): boolean {
  if (tag === DER_TAGS.boolean && content.length === 1 && [0, 0xff].includes(content[0]!)) {
    return content[0] === 0xff;
  }
  throw new MalformedError("DER", "want a BOOLEAN");
}

/**
 * A small INTEGER that is not negative.
 *
 * @throws {MalformedError}
 */
export function derSmallInteger({ tag, content }: DerValue): number {
  if (tag === DER_TAGS.integer && content.length === 1 && content[0]! < 0x80) return content[0]!;
  throw new MalformedError("DER", "want a small INTEGER");
}
