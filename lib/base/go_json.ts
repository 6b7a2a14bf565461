/** JSON exactly as Go's `encoding/json` writes it: cosign's payloads are signed in that form. */

const ESCAPES: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/**
 * A JSON value of which Go's marshaller makes the same bytes as we do. An object stands for a struct,
 * whose fields keep their order; a `Map` for a Go map, whose keys are sorted.
 */
export type GoJson =
  | string
  | boolean
  | null
  | number
  | readonly GoJson[]
  | ReadonlyMap<string, GoJson>
  | { readonly [field: string]: GoJson };

/** Order strings by their UTF-8 bytes, which is how Go sorts the keys of a map. */
export function byUtf8(a: string, b: string): number {
  // Code points order as their UTF-8 does; UTF-16 code units do not above U+FFFF.
  const left = Array.from(a, (character) => character.codePointAt(0)!);
  const right = Array.from(b, (character) => character.codePointAt(0)!);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    if (left[index] !== right[index]) return left[index]! - right[index]!;
  }
  return left.length - right.length;
}

function writeString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/gu,
    (character) => ESCAPES[character] ?? character,
  );
}

function writeObject(entries: readonly (readonly [string, GoJson])[]): string {
  return `{${
    entries.map(([key, item]) => `${writeString(key)}:${stringifyAsGo(item)}`).join(",")
  }}`;
}

/**
 * Write a value as Go's `json.Marshal` does: no white space; `<`, `>`, `&`, U+2028 and U+2029
 * escaped; the keys of a map in the order of their UTF-8 bytes.
 */
export function stringifyAsGo(value: GoJson): string {
  if (typeof value === "string") return writeString(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(stringifyAsGo).join(",")}]`;
  // Not through an object: JavaScript puts keys that look like numbers first.
  if (value instanceof Map) return writeObject([...value].sort(([a], [b]) => byUtf8(a, b)));
  return writeObject(Object.entries(value));
}
