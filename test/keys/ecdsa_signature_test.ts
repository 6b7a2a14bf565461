import assert from "node:assert/strict";
import { test } from "node:test";
import { ecdsaSignatureToRaw } from "../../lib/keys/ecdsa_signature.ts";
import { fromHex } from "./wycheproof.ts";

test("ecdsaSignatureToRaw() pads short numbers and drops the sign byte", () => {
  assert.deepEqual(ecdsaSignatureToRaw(fromHex("3006020101020102"), 3), fromHex("000001000002"));
  assert.deepEqual(ecdsaSignatureToRaw(fromHex("300702020080020100"), 1), fromHex("8000"));
});

test("ecdsaSignatureToRaw() reads a length of two bytes where one is too few", () => {
  const number = "0242" + "01".repeat(66);
  const raw = ecdsaSignatureToRaw(fromHex(`308188${number}${number}`), 66);
  assert.deepEqual(raw, fromHex("01".repeat(132)));
});

test("ecdsaSignatureToRaw() takes nothing but strict DER", () => {
  const refused = {
    "nothing": "",
    "a tag alone": "30",
    "another outer tag": "3106020101020102",
    "another inner tag": "3006030101020102",
    "a length beyond the end": "3007020101020102",
    "a length before the end": "3005020101020102",
    "bytes after": "300602010102010200",
    "bytes after, inside": "300702010102010200",
    "a long length where a short one does": "308106020101020102",
    "an indefinite length": "30800201010201020000",
    "a number with no digits": "30050200020102",
    "a negative number": "3006020181020102",
    "a needless leading zero": "300702020001020102",
    "a number too long for the curve": "300702020101020102",
    "one number only": "3003020101",
    "a number that runs into the next": "3006020401020102",
  };
  for (const [fault, hex] of Object.entries(refused)) {
    assert.equal(ecdsaSignatureToRaw(fromHex(hex), 1), undefined, fault);
  }
});
