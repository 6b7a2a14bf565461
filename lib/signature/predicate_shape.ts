/** Predicates brought into the shape in which cosign signs them. */

import { MalformedError } from "../base/errors.ts";
import { decodeBase64, encodeBase64 } from "../base/bytes.ts";

/**
 * What a field without parts of its own holds: `any` anything, `object` an object with any fields
 * (`google.protobuf.Struct`), `time` RFC 3339, `bytes` base64.
 */
type Scalar = "string" | "boolean" | "any" | "object" | "time" | "bytes";

/** What a field holds. */
export type Shape =
  | Scalar
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> };

type Json = Readonly<Record<string, unknown>>;

function fail(path: string, want: string): never {
  throw new MalformedError("predicate", `${path}: want ${want}`);
}

function readObject(value: unknown, path: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  return fail(path, "an object");
}

function readList(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? value : fail(path, "a list");
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/u;

/** The parts of a time, checked: to the second, the fraction's digits, and the zone. */
function readTime(value: unknown, path: string): readonly [string, string, string] {
  const match = typeof value === "string" ? TIME.exec(value) : null;
  const [text, seconds = "", fraction = "", zone = ""] = match ?? [];
  if (text === undefined || Number.isNaN(Date.parse(text))) return fail(path, "an RFC 3339 time");
  return [seconds, fraction, zone];
}

/** As protojson writes a Timestamp: in UTC, the fraction in groups of three digits. */
function protoTime(value: unknown, path: string): string {
  const [seconds, fraction, zone] = readTime(value, path);
  const utc = new Date(Date.parse(`${seconds}${zone}`)).toISOString().slice(0, 19);
  const digits = fraction.replace(/0+$/u, "");
  const padded = digits.padEnd(Math.ceil(digits.length / 3) * 3, "0");
  return `${utc}${padded === "" ? "" : `.${padded}`}Z`;
}

/** As Go writes a `time.Time`: in its own zone, the fraction without trailing zeros. */
function goTime(value: unknown, path: string): string {
  const [seconds, fraction, zone] = readTime(value, path);
  const digits = fraction.replace(/0+$/u, "");
  return `${seconds}${digits === "" ? "" : `.${digits}`}${/^[+-]00:00$/u.test(zone) ? "Z" : zone}`;
}

function mapValues(
  value: unknown,
  path: string,
  read: (item: unknown, path: string) => unknown,
): Json {
  return Object.fromEntries(
    Object.entries(readObject(value, path)).map(([key, item]) => [
      key,
      read(item, `${path}.${key}`),
    ]),
  );
}

function readBase64(value: unknown, path: string): string {
  try {
    if (typeof value === "string") return encodeBase64(decodeBase64(value));
  } catch {
    // Said below.
  }
  return fail(path, "base64");
}

/** What the two ways of reading share: values that are there. */
function readScalar(shape: Scalar, value: unknown, path: string): unknown {
  switch (shape) {
    case "string":
      return typeof value === "string" ? value : fail(path, "a string");
    case "boolean":
      return typeof value === "boolean" ? value : fail(path, "true or false");
    case "object":
      return readObject(value, path);
    case "any":
      return value;
    case "bytes":
      return readBase64(value, path);
    case "time":
      return protoTime(value, path);
    default:
      return shape satisfies never;
  }
}

function isEmpty(value: unknown): boolean {
  return value === "" || value === false || Array.isArray(value) && value.length === 0;
}

/** protojson's name of a field in another spelling that it reads too. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Read a value as protojson does a message, unknown fields discarded: what is empty is left out
 * (protobuf's JSON mapping), except messages and objects that are there.
 *
 * @throws {MalformedError}
 */
export function readProtoMessage(shape: Shape, value: unknown, path: string): unknown {
  if (typeof shape === "string") return readScalar(shape, value, path);
  if ("list" in shape) {
    return readList(value, path).map((item, index) =>
      readProtoMessage(shape.list, item, `${path}[${index}]`)
    );
  }
  if ("map" in shape) {
    return mapValues(value, path, (item, where) => readProtoMessage(shape.map, item, where));
  }
  const document = readObject(value, path);
  const entries = Object.entries(shape.fields).flatMap(([name, field]) => {
    const given = document[name] ?? document[snakeCase(name)];
    if (given === undefined || given === null) return [];
    const read = readProtoMessage(field, given, `${path}.${name}`);
    const isEmptyMap = typeof field === "object" && "map" in field &&
      Object.keys(read as Json).length === 0;
    return isEmpty(read) || isEmptyMap ? [] : [[name, read] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * Read a value as Go's `encoding/json` does a struct, unknown fields dropped: what is absent has its
 * type's zero value.
 *
 * @throws {MalformedError}
 */
export function readGoStruct(shape: Shape, value: unknown, path: string): unknown {
  const given = value ?? undefined;
  if (typeof shape === "string") {
    if (given === undefined) {
      return shape === "string" ? "" : shape === "time" ? "0001-01-01T00:00:00Z" : null;
    }
    return shape === "time" ? goTime(given, path) : readScalar(shape, given, path);
  }
  if ("fields" in shape) {
    const document = given === undefined ? {} : readObject(given, path);
    return Object.fromEntries(
      Object.entries(shape.fields).map(([name, field]) => [
        name,
        readGoStruct(field, document[name], `${path}.${name}`),
      ]),
    );
  }
  if (given === undefined) return null;
  return "list" in shape
    ? readList(given, path).map((item, index) =>
      readGoStruct(shape.list, item, `${path}[${index}]`)
    )
    : mapValues(given, path, (item, where) => readGoStruct(shape.map, item, where));
}
