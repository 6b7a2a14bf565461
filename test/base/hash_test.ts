import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { sha256, sha256Hex } from "../../lib/base/hash.ts";

test("sha256() is the platform's, and agrees with noble's on any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
    const expected = nobleSha256(bytes);
    assert.deepEqual(sha256(bytes), expected);
    assert.equal(sha256Hex(bytes), Buffer.from(expected).toString("hex"));
  }));
});

test("sha256Hex() of a view hashes the view and not what lies behind it", () => {
  const view = new TextEncoder().encode("--my test artefact\n").subarray(2);
  assert.equal(
    sha256Hex(view),
    "fe86c72fcb5951a71af9d8033c30320c2509f9898b2bf3d45793e89696bb8d6b",
  );
});
