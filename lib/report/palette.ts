/** The styles of a table. */
export type Tone = "green" | "red" | "yellow" | "magenta" | "cyan" | "strong" | "faint";

/** The codes that begin a style, and those that end it alone, so that styles nest. */
const STYLES: Readonly<Record<Tone, readonly [on: number, off: number]>> = {
  green: [32, 39],
  red: [31, 39],
  yellow: [33, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  strong: [1, 22],
  faint: [2, 22],
};

/** Write a text in a style. */
export type Paint = (tone: Tone, text: string) => string;

/** A way to write texts in styles, or as they are where colours are not wanted. */
export function paintFor(colors: boolean): Paint {
  if (!colors) return (_tone, text) => text;
  return (tone, text) => {
    const [on, off] = STYLES[tone];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}
