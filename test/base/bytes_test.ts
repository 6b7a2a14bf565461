import assert from "node:assert/strict";
import { test } from "node:test";
import {
  concatBytes,
  decodeBase64,
  decodeText,
  encodeBase64,
  encodeText,
  equalBytes,
} from "../../lib/base/bytes.ts";

test("decodeText() refuses bytes that are no UTF-8, and keeps a byte order mark", () => {
  assert.throws(() => decodeText(Uint8Array.of(0x66, 0xff)), TypeError);
  assert.equal(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa");
});

test("encodeBase64() encodes a view of a larger buffer, and only that", () => {
  assert.equal(encodeBase64(encodeText("xxhello").subarray(2)), "aGVsbG8=");
});

test("decodeBase64() reads both alphabets, with and without padding", () => {
  const bytes = Uint8Array.of(0xfb, 0xff, 0xfe, 0x01);
  for (const text of ["+//+AQ==", "-__-AQ==", "-__-AQ", "+//+AQ"]) {
    assert.deepEqual(decodeBase64(text), bytes, text);
  }
  assert.deepEqual(decodeBase64(""), new Uint8Array());
});

test("decodeBase64() refuses what is no base64", () => {
  for (const text of ["a", "a b=", "=AAA", "AA=A", "AAAA\n", "AAA===", "ä"]) {
    assert.throws(() => decodeBase64(text), SyntaxError, text);
  }
});

test("concatBytes() joins parts in order", () => {
  assert.deepEqual(
    concatBytes([encodeText("a"), encodeText(""), encodeText("bc")]),
    encodeText("abc"),
  );
  assert.deepEqual(concatBytes([]), new Uint8Array());
});

test("equalBytes() compares contents and lengths", () => {
  assert.ok(equalBytes(encodeText("ab"), encodeText("ab")));
  assert.ok(!equalBytes(encodeText("ab"), encodeText("ac")));
  assert.ok(!equalBytes(encodeText("ab"), encodeText("abc")));
});
