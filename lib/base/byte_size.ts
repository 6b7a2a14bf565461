/** Factors by name, small letters, with or without a `b` behind. */
const FACTORS: Readonly<Record<string, number>> = {
  "": 1,
  ...Object.fromEntries(
    Array.from("kmgtpe", (letter, index) => [
      [letter, 1000 ** (index + 1)],
      [`${letter}i`, 1024 ** (index + 1)],
    ]).flat(),
  ),
};

/**
 * Read a number of bytes as people write it and cosign reads it (github.com/dustin/go-humanize):
 * `5120`, `20K`, `1.5 MB` (thousands), `45MiB` (1,024s), with or without commas.
 *
 * @returns whole bytes; `undefined` for what is none
 */
export function parseByteSize(text: string): number | undefined {
  const match = /^([0-9.,]+)\s*([kmgtpe]?i?)b?\s*$/iu.exec(text);
  if (match === null) return undefined;
  const [, digits = "", unit = ""] = match;
  const number = digits.replaceAll(",", "");
  const factor = FACTORS[unit.toLowerCase()];
  if (factor === undefined || !/^(?:\d+\.?\d*|\.\d+)$/u.test(number)) return undefined;
  const bytes = Math.floor(Number(number) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
