import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { digestHex, digestOf, isDigest, parseDigest } from "../../lib/reference/digest.ts";

const HEX = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

test("digestOf() is the SHA-256 of the bytes", () => {
  assert.equal(digestOf(encodeText("hello")), `sha256:${HEX}`);
  assert.equal(digestHex(digestOf(encodeText("hello"))), HEX);
});

test("parseDigest() takes sha256 and 64 lower-case digits, and nothing else", () => {
  assert.equal(parseDigest(`sha256:${HEX}`), `sha256:${HEX}`);
  const wrong = [
    "",
    HEX,
    `sha256:${HEX.toUpperCase()}`,
    `SHA256:${HEX}`,
    `sha256:${HEX.slice(1)}`,
    `sha256:${HEX}0`,
    `sha256:${HEX}\n`,
    ` sha256:${HEX}`,
    `sha256-${HEX}`,
    `sha512:${HEX}${HEX}`,
    `sha256:${HEX.slice(1)}g`,
  ];
  for (const text of wrong) {
    assert.ok(!isDigest(text), text);
    assert.throws(() => parseDigest(text), { code: "DIGEST_SYNTAX" });
  }
});
