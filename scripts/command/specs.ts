/** Services as cosign's flags describe them: `url=https://…,start-time=…`. */

import { UsageError } from "../../lib/base/errors.ts";

/** What a description has, and what it may have. */
export interface SpecKeys {
  /** The flag, for errors. */
  readonly flag: string;
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/**
 * Read the description of a service.
 *
 * @throws {UsageError} if something is missing, or cannot be meant
 */
export function parseSpec(
  text: string,
  { flag, required, optional }: SpecKeys,
): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  for (const pair of text.split(",")) {
    const at = pair.indexOf("=");
    const key = pair.slice(0, at).trim();
    if (at === -1 || ![...required, ...optional].includes(key)) {
      throw new UsageError(
        `Cannot use ${flag}: "${pair.slice(0, 80)}" is none of ` +
          `${[...required, ...optional].join("=, ")}=`,
      );
    }
    found.set(key, pair.slice(at + 1).trim());
  }
  const missing = required.find((key) => (found.get(key) ?? "") === "");
  if (missing !== undefined) throw new UsageError(`Cannot use ${flag}: want ${missing}=`);
  return Object.fromEntries([...found].filter(([, value]) => value !== ""));
}

/**
 * Read a time of RFC 3339.
 *
 * @returns milliseconds since 1970
 * @throws {UsageError}
 */
export function parseTime(text: string): number {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/iu;
  const time = shape.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError(`Cannot use time "${text.slice(0, 40)}": want 2006-01-02T15:04:05Z`);
}

/** The validity that a description tells. */
export function parseValidity(
  spec: Readonly<Record<string, string>>,
): { readonly start?: number; readonly end?: number } {
  const { "start-time": start, "end-time": end } = spec;
  return {
    ...(start === undefined ? {} : { start: parseTime(start) }),
    ...(end === undefined ? {} : { end: parseTime(end) }),
  };
}
