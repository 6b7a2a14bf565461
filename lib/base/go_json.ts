/** JSON exactly as Go's `encoding/json` writes it: cosign's payloads are signed in that form. */

const ESCAPES: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** A JSON value of which Go's marshaller makes the same bytes as we do: no numbers but integers. */
export type GoJson = string | number | boolean | null | readonly GoJson[] | {
  readonly [key: string]: GoJson;
};

/** Order strings by their UTF-8 bytes, which is how Go sorts the keys of a map. */
function byUtf8(a: string, b: string): number {
  // Code points order as their UTF-8 does; UTF-16 code units do not above U+FFFF.
  const left = Array.from(a, (character) => character.codePointAt(0)!);
  const right = Array.from(b, (character) => character.codePointAt(0)!);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    if (left[index] !== right[index]) return left[index]! - right[index]!;
  }
  return left.length - right.length;
}

/** The keys of a string map, sorted as Go's marshaller sorts them. */
export function sortedEntries<Value>(
  map: Readonly<Record<string, Value>>,
): [key: string, value: Value][] {
  return Object.entries(map).sort(([a], [b]) => byUtf8(a, b));
}

/**
 * Write a value as Go's `json.Marshal` does: no white space; `<`, `>`, `&`, U+2028 and U+2029
 * escaped. Keys keep the order given (Go writes the fields of a struct in order); sort those of a
 * map with {@link sortedEntries}.
 */
export function stringifyAsGo(value: GoJson): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/gu,
    (character) => ESCAPES[character] ?? character,
  );
}
