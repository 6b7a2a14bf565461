// Controls (C0, DEL, C1, and so every escape sequence), format characters (bidirectional overrides,
// zero-width characters), the whole block of tag characters, line separators, and halves of surrogate pairs.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u{e0000}-\u{e0fff}]/gu;

/** `\u` escapes of a text, one a UTF-16 unit, as JSON writes them. */
function escapeUnits(text: string): string {
  return text.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

/**
 * Text from outside, made fit for a terminal and for one line: runs of line breaks and tabs become
 * a space, and whatever could move the cursor, colour, reorder or hide text becomes a visible
 * escape. Nothing that a registry sends reaches a terminal without passing here.
 */
export function safeText(text: string): string {
  return text.replace(/[\t\n\v\f\r]+/gu, " ").replace(UNSAFE, escapeUnits);
}

/**
 * JSON in one line, in which the same characters are escaped. The value reads back unchanged, and
 * the report can be shown on a terminal or split into lines by any tool.
 */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, escapeUnits);
}
