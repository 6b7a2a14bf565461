import { UsageError } from "../../lib/base/errors.ts";

const MILLISECONDS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  "µs": 1e-3,
  ns: 1e-6,
};

/**
 * Read a duration as Go's flags take it: `3m0s`, `1.5h`, `500ms` (time.ParseDuration).
 *
 * @returns milliseconds
 * @throws {UsageError}
 */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/gu)];
  if (text === "" || parts.map(([part]) => part).join("") !== text) {
    throw new UsageError(
      `Cannot use "${text.slice(0, 40)}" as a duration: want 90s, 3m or 1h30m`,
    );
  }
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * MILLISECONDS[unit]!, 0);
}
