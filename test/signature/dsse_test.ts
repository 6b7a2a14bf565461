import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { preAuthEncoding } from "../../lib/signature/dsse.ts";

test("preAuthEncoding() writes the example of the DSSE specification", () => {
  const encoded = preAuthEncoding("http://example.com/HelloWorld", encodeText("hello world"));
  assert.equal(decodeText(encoded), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
});

test("preAuthEncoding() counts bytes and not characters", () => {
  assert.equal(decodeText(preAuthEncoding("é", encodeText("😀"))), "DSSEv1 2 é 4 😀");
});
