/** JSON as Go's `protojson` writes a `google.protobuf.Struct`: attestations are signed in that form. */

import { byUtf8 } from "./go_json.ts";

/**
 * Write a value that was parsed from JSON as protojson does: no white space, keys in the order of
 * their UTF-8 bytes, numbers as double precision has them, and `<`, `>`, `&` as they are.
 *
 * protojson puts in white space at random from build to build; the builds of cosign put in none.
 *
 * @throws {RangeError} for a number that double precision cannot hold, which would be signed as null
 */
export function stringifyAsProtojson(value: unknown): string {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError("Cannot write JSON: a number is too large");
    return Object.is(value, -0) ? "-0" : JSON.stringify(value);
  }
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(stringifyAsProtojson).join(",")}]`;
  const fields = Object.entries(value)
    .sort(([a], [b]) => byUtf8(a, b))
    .map(([key, item]) => `${JSON.stringify(key)}:${stringifyAsProtojson(item)}`);
  return `{${fields.join(",")}}`;
}
