import { UsageError } from "../../lib/base/errors.ts";

const MILLISECONDS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/**
 * Read an age: a whole number and a unit, as in 30d.
 *
 * @returns milliseconds
 * @throws {UsageError}
 */
export function parseAge(text: string): number {
  const [, number, unit] = /^(\d{1,6})([mhdw])$/u.exec(text) ?? [];
  if (number === undefined || unit === undefined) {
    throw new UsageError(
      `Cannot use age "${
        text.slice(0, 40)
      }": want minutes, hours, days or weeks, as in 90m, 12h, 30d, 8w`,
    );
  }
  return Number(number) * MILLISECONDS[unit]!;
}
