import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { safeJson, safeText } from "../../lib/report/safe_text.ts";

// Written apart from the sources' expression, by code point.
function isUnsafe(character: string): boolean {
  const code = character.codePointAt(0)!;
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x2064) ||
    (code >= 0x2066 && code <= 0x206f) || (code >= 0xd800 && code <= 0xdfff) || code === 0xfeff ||
    (code >= 0xe0001 && code <= 0xe007f);
}

const anyText = fc.string({ unit: "binary" });
const spicedText = fc.array(fc.oneof(
  anyText,
  fc.constantFrom(
    "\u001b[2J",
    "\u009b1m",
    "\u202e",
    "\u2066",
    "\u200f",
    "\u{e0041}",
    "\ud800",
    "\r\n",
  ),
)).map((parts) => parts.join(""));

test("safeText() leaves honest text as it is", () => {
  const text = "registry.example/team/api:v1 — größer, 検証, ✔ 🚀";
  assert.equal(safeText(text), text);
});

test("safeText() shows escape sequences and direction overrides instead of sending them", () => {
  assert.equal(safeText("a\u001b[31mb\u0007"), "a\\u001b[31mb\\u0007");
  assert.equal(safeText("\u009b2J"), "\\u009b2J");
  assert.equal(safeText("gpj\u202eexe"), "gpj\\u202eexe");
  assert.equal(safeText("\u{e0041}"), "\\udb40\\udc41");
});

test("safeText() makes one line of many", () => {
  assert.equal(safeText("not found\r\n\tretry later\n"), "not found retry later ");
  assert.equal(safeText("a\u2028b\u0085c"), "a\\u2028b\\u0085c");
});

test("safeText() lets no unsafe character through, and changes nothing the second time", () => {
  fc.assert(fc.property(spicedText, (text) => {
    const safe = safeText(text);
    assert.equal(Array.from(safe).find(isUnsafe), undefined);
    assert.equal(safeText(safe), safe);
  }));
});

test("safeJson() lets no unsafe character through, and reads back as it was", () => {
  fc.assert(fc.property(spicedText, (text) => {
    const safe = safeJson({ [text]: [text] });
    assert.equal(Array.from(safe).find(isUnsafe), undefined);
    assert.deepEqual(JSON.parse(safe), JSON.parse(JSON.stringify({ [text]: [text] })));
  }));
});
