import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { encodeText } from "../../lib/base/bytes.ts";
import { MalformedError } from "../../lib/base/errors.ts";
import { parseJson } from "../../lib/base/json.ts";

const Schema = v.object({ list: v.array(v.object({ size: v.number() })) });

test("parseJson() gives what the schema knows and leaves out the rest", () => {
  const bytes = encodeText('{"list":[{"size":1,"more":2}],"extra":true}');
  assert.deepEqual(parseJson("thing", bytes, Schema), { list: [{ size: 1 }] });
});

test("parseJson() says where the shape is wrong", () => {
  const bytes = encodeText('{"list":[{"size":1},{"size":"2"}]}');
  assert.throws(() => parseJson("thing", bytes, Schema), (error: Error) => {
    assert.ok(error instanceof MalformedError);
    assert.match(error.message, /^Cannot read thing: list\.1\.size: /u);
    return true;
  });
});

test("parseJson() refuses what is no JSON and no UTF-8", () => {
  for (const bytes of [encodeText("{"), encodeText("\ufeff{}"), Uint8Array.of(0x22, 0xff, 0x22)]) {
    assert.throws(() => parseJson("thing", bytes, Schema), MalformedError);
  }
});
