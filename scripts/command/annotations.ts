import { UsageError } from "../../lib/base/errors.ts";
import type { Annotations } from "../../lib/signature/claim.ts";

/**
 * Split a value at its commas as cosign does, which reads it as a line of CSV: a part in double
 * quotes may hold commas, and two quotes in it stand for one.
 */
function splitCsv(text: string): string[] {
  const parts = text.match(/(?:"(?:[^"]|"")*"|[^,"])+/gu) ?? [];
  if (parts.join(",") !== text) {
    throw new UsageError(`Cannot read annotations "${text.slice(0, 80)}": a quote is left open`);
  }
  return parts.map((part) => part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part);
}

/**
 * Read the values of `-a`: `key=value`, repeated or joined by commas.
 *
 * @throws {UsageError}
 */
export function parseAnnotations(values: readonly string[]): Annotations {
  const pairs = values.flatMap(splitCsv).map((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 1) {
      throw new UsageError(`Cannot read annotation "${pair.slice(0, 80)}": want key=value`);
    }
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** Collect the values of an option that may be repeated. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
