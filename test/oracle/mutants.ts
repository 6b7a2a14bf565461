/** Bundles that differ from a good one in one place each. */

import { Buffer } from "node:buffer";

/** JSON of any shape. */
export type Json = null | boolean | number | string | readonly Json[] | {
  readonly [key: string]: Json;
};

export interface Mutant {
  /** Where it differs, with numbers of lists as `[]`, and how. */
  readonly place: string;
  readonly how: string;
  readonly json: Json;
}

type Path = readonly string[];

function at(json: Json, path: Path): Json | undefined {
  return path.reduce<Json | undefined>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? (value as { readonly [key: string]: Json })[key]
        : undefined,
    json,
  );
}

/** A copy in which one place is another, or gone. */
function changed(json: Json, path: Path, value: Json | undefined): Json {
  const copy = structuredClone(json) as Record<string, Json>;
  const holder = at(copy, path.slice(0, -1)) as Record<string, Json>;
  const key = path.at(-1)!;
  if (Array.isArray(holder)) holder.splice(Number(key), 1, ...value === undefined ? [] : [value]);
  else if (value === undefined) delete holder[key];
  else holder[key] = value;
  return copy;
}

function* pathsOf(json: Json, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof json !== "object" || json === null) return;
  for (const [key, value] of Object.entries(json)) yield* pathsOf(value, [...path, key]);
}

const isBase64 = (text: string): boolean =>
  text.length >= 8 && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}=*)?$/u.test(text);

/** The octets of base64 that are changed: many of them, or few. */
function* flips(text: string, many: boolean): Generator<readonly [string, string]> {
  const bytes = Buffer.from(text, "base64");
  const step = many ? 3 : Math.max(1, Math.floor(bytes.length / 4));
  for (let place = 0; place < bytes.length; place += step) {
    const copy = Buffer.from(bytes);
    copy[place]! ^= 1 << (place % 8);
    yield [`flip ${place}`, copy.toString("base64")];
  }
  yield ["cut", bytes.subarray(0, -1).toString("base64")];
  yield ["grow", Buffer.concat([bytes, Buffer.of(0)]).toString("base64")];
}

function* textChanges(text: string): Generator<readonly [string, string]> {
  for (let place = 0; place < text.length; place += Math.max(1, Math.floor(text.length / 24))) {
    const code = text.charCodeAt(place);
    const other = String.fromCharCode(code ^ 1);
    yield [`change ${place}`, text.slice(0, place) + other + text.slice(place + 1)];
  }
  yield ["append", `${text}x`];
  yield ["append line", `${text}\n`];
}

function* valueChanges(
  value: Json,
  many: boolean,
): Generator<readonly [string, Json | undefined]> {
  yield ["drop", undefined];
  yield ["null", null];
  if (typeof value === "string") {
    yield ["empty", ""];
    yield ["number", 7];
    if (/^\d+$/u.test(value)) {
      for (const other of [BigInt(value) + 1n, 0n, -1n, 2n ** 63n]) {
        yield [`to ${other}`, `${other}`];
      }
      yield ["no number", "x"];
    } else if (isBase64(value)) yield* flips(value, many);
    else yield* textChanges(value);
  } else if (Array.isArray(value)) {
    yield ["empty", []];
    yield ["twice", [...value, ...value]];
    yield ["text", "x"];
  } else {
    yield ["empty", {}];
    yield ["text", "x"];
    yield ["list", []];
  }
}

/**
 * Every mutant of a bundle: each place dropped, emptied, made another, and swapped with another
 * bundle's.
 *
 * @param many a test for places of which many octets are changed
 */
export function* mutantsOf(
  json: Json,
  other: Json,
  many: (place: string) => boolean,
): Generator<Mutant> {
  for (const path of pathsOf(json)) {
    const place = path.map((key) => /^\d+$/u.test(key) ? "[]" : key).join(".");
    const value = at(json, path)!;
    for (const [how, to] of valueChanges(value, many(place))) {
      yield { place, how, json: changed(json, path, to) };
    }
    const foreign = at(other, path);
    if (foreign !== undefined && JSON.stringify(foreign) !== JSON.stringify(value)) {
      yield { place, how: "swap", json: changed(json, path, foreign) };
    }
  }
}
