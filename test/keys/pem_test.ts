import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodePem, encodePem } from "../../lib/keys/pem.ts";

const BLOCK = "-----BEGIN PUBLIC KEY-----\nAQID\n-----END PUBLIC KEY-----\n";

test("decodePem() reads what encodePem() wrote, whatever the line ends", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const text = encodePem("PRIVATE KEY", bytes);
    for (const variant of [text, text.replaceAll("\n", "\r\n"), text.trimEnd()]) {
      assert.deepEqual(decodePem(variant, "key"), { label: "PRIVATE KEY", bytes });
    }
  }));
});

test("encodePem() breaks lines at 64 characters", () => {
  const [, ...lines] = encodePem("X", new Uint8Array(97)).split("\n");
  assert.deepEqual(lines.map((line) => line.length), [64, 64, 4, "-----END X-----".length, 0]);
});

test("decodePem() skips text around the block", () => {
  assert.deepEqual(decodePem(`# ours\n${BLOCK}# end\n`, "key").bytes, new Uint8Array([1, 2, 3]));
});

test("decodePem() refuses what is not one whole block, and says why", () => {
  const refusals: readonly (readonly [text: string, why: RegExp])[] = [
    ["", /^Cannot read key x: it is not PEM$/u],
    ["AQID", /not PEM/u],
    [BLOCK.slice(0, 40), /lacks the line "-----END PUBLIC KEY-----"/u],
    [BLOCK.replace("END PUBLIC", "END PRIVATE"), /lacks the line/u],
    [BLOCK + BLOCK, /more than one PEM block/u],
    [BLOCK.replace("AQID", "AQ?D"), /not base64/u],
    [BLOCK.replace("AQID", "Proc-Type: 4,ENCRYPTED\n\nAQID"), /not base64/u],
  ];
  for (const [text, message] of refusals) {
    assert.throws(() => decodePem(text, "key x"), { code: "KEY", message });
  }
});
