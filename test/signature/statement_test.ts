import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText } from "../../lib/base/bytes.ts";
import { parseDigest } from "../../lib/reference/digest.ts";
import {
  buildSignStatement,
  parseStatement,
  SIGN_PREDICATE_TYPE,
  signsTheSame,
} from "../../lib/signature/statement.ts";
import { jsonBytes } from "../support/images.ts";

const HEX = "f79eda53605381f53814462436878ebc3400e1413b7a9bc5382901e27d999583";
const DIGEST = parseDigest(`sha256:${HEX}`);

test("buildSignStatement() writes the very bytes that cosign 3 signs", () => {
  const cases = [
    [{ env: "prod" }, '{"env":"prod"}'],
    [{}, "{}"],
    // Not escaped, as they are in legacy payloads.
    [
      { text: 'a=b,<&>\u2028 é"', "10": "x", "9": "y" },
      '{"10":"x","9":"y","text":"a=b,<&>\u2028 é\\""}',
    ],
  ] as const;
  for (const [annotations, text] of cases) {
    assert.equal(
      decodeText(buildSignStatement(DIGEST, annotations)),
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"${HEX}"},` +
        `"annotations":${text}}],` +
        '"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}',
    );
  }
});

test("parseStatement() reads what buildSignStatement() writes", () => {
  assert.deepEqual(parseStatement(buildSignStatement(DIGEST, { b: "<1>", a: "2" })), {
    predicateType: SIGN_PREDICATE_TYPE,
    subjects: [{ digest: { sha256: HEX }, annotations: { b: "<1>", a: "2" } }],
  });
});

test("signsTheSame() takes statements that say the same, and no attestation", () => {
  const write = (more: object, subject: object = {}) =>
    jsonBytes({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ digest: { sha256: HEX }, ...subject }],
      predicateType: SIGN_PREDICATE_TYPE,
      ...more,
    });
  const plain = buildSignStatement(DIGEST, {});
  const annotated = buildSignStatement(DIGEST, { a: "1", b: "2" });
  assert.equal(signsTheSame(write({}), plain), true);
  assert.equal(signsTheSame(write({}, { annotations: { b: "2", a: "1" } }), annotated), true);
  assert.equal(signsTheSame(write({}), annotated), false);
  assert.equal(signsTheSame(annotated, plain), false);
  assert.equal(
    signsTheSame(write({}, { digest: { sha256: HEX.replace("f", "0") } }), plain),
    false,
  );
  const attestation = write({ predicateType: "https://example.com/other", predicate: { a: 1 } });
  const other = write({ predicateType: "https://example.com/other", predicate: { a: 2 } });
  assert.equal(signsTheSame(attestation, plain), false);
  assert.equal(signsTheSame(attestation, other), false);
});

const statement = {
  _type: "https://in-toto.io/Statement/v0.1",
  subject: [{ name: "r/x", digest: { sha512: "00" } }],
  predicateType: "https://example.com/other",
  predicate: { any: "thing" },
};

test("parseStatement() reads statements of others, old ones too", () => {
  assert.deepEqual(parseStatement(jsonBytes(statement)), {
    predicateType: "https://example.com/other",
    subjects: [{ name: "r/x", digest: { sha512: "00" }, annotations: {} }],
  });
});

test("parseStatement() refuses what is no statement", () => {
  const bad: readonly unknown[] = [
    null,
    {},
    { ...statement, _type: "https://in-toto.io/Statement/v9" },
    { ...statement, subject: null },
    { ...statement, subject: [null] },
    { ...statement, subject: [{ name: "x" }] },
    { ...statement, subject: [{ digest: { sha256: 1 } }] },
    { ...statement, predicateType: 1 },
    { ...statement, subject: Array.from({ length: 1025 }, () => statement.subject[0]) },
  ];
  for (const value of bad) {
    assert.throws(() => parseStatement(jsonBytes(value)), { code: "MALFORMED" });
  }
});
