import { parseDuration } from "./duration.ts";

const DAY = 86_400_000;

/**
 * Read an age: whole days or weeks, as in 30d or 8w, or a duration as Go's flags take it.
 *
 * @returns milliseconds
 * @throws {UsageError}
 */
export function parseAge(text: string): number {
  const [, count, unit] = /^(\d{1,5})([dw])$/u.exec(text) ?? [];
  if (count === undefined) return parseDuration(text);
  return Number(count) * (unit === "w" ? 7 * DAY : DAY);
}
