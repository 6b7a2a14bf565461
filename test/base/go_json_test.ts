import assert from "node:assert/strict";
import { test } from "node:test";
import { stringifyAsGo } from "../../lib/base/go_json.ts";

test("stringifyAsGo() keeps the order of a struct's fields and writes no white space", () => {
  assert.equal(
    stringifyAsGo({ b: 1, a: [true, null, "x"], c: { z: "", y: {} } }),
    '{"b":1,"a":[true,null,"x"],"c":{"z":"","y":{}}}',
  );
});

test("stringifyAsGo() escapes what Go escapes for HTML, in keys too", () => {
  assert.equal(
    stringifyAsGo(new Map([["<k>", "a<b>&c\u2028d\u2029e"]])),
    '{"\\u003ck\\u003e":"a\\u003cb\\u003e\\u0026c\\u2028d\\u2029e"}',
  );
});

test("stringifyAsGo() writes other text as JSON does, unescaped beyond ASCII", () => {
  assert.equal(stringifyAsGo('"\\/\n\t\u0001é😀'), '"\\"\\\\/\\n\\t\\u0001é😀"');
});

test("stringifyAsGo() sorts the keys of a map by their UTF-8 bytes", () => {
  // U+FF5E comes before U+1F600 in UTF-8, and after it in UTF-16.
  const keys = ["😀", "～", "b", "a", "aa", "B", "é", ""];
  assert.deepEqual(
    Object.keys(JSON.parse(stringifyAsGo(new Map(keys.map((key) => [key, 1]))))),
    ["", "B", "a", "aa", "b", "é", "～", "😀"],
  );
});

test("stringifyAsGo() sorts keys that look like numbers as text", () => {
  assert.equal(
    stringifyAsGo(new Map([["9", "x"], ["10", "y"], ["a", "z"], ["-", "w"]])),
    '{"-":"w","10":"y","9":"x","a":"z"}',
  );
});
