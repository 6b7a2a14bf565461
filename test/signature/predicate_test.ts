import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { UsageError } from "../../lib/base/errors.ts";
import { parseDigest } from "../../lib/reference/digest.ts";
import { buildAttestationStatement } from "../../lib/signature/attestation_statement.ts";
import { buildPredicate } from "../../lib/signature/predicate.ts";
import {
  isPredicateName,
  isPredicateType,
  parsePredicateType,
  PREDICATE_TYPES,
} from "../../lib/signature/predicate_type.ts";

const HEX = "76f8ac98e8c9305c6ab7915152203acb66ad9a575934e2f1341df5dfbb7f32eb";
const NOW = new Date("2026-11-23T22:33:27.900Z");

function statement(type: string, file: string): string {
  const name = isPredicateName(type) ? type : undefined;
  return decodeText(buildAttestationStatement({
    name: "127.0.0.1:5801/t/c",
    digest: parseDigest(`sha256:${HEX}`),
    predicateType: parsePredicateType(type),
    predicate: buildPredicate(name, encodeText(file), NOW),
  }));
}

const SUBJECT = `"subject":[{"name":"127.0.0.1:5801/t/c","digest":{"sha256":"${HEX}"}}]`;
const HEAD = `{"_type":"https://in-toto.io/Statement/v0.1",${SUBJECT},"predicateType":`;

/** Types, files, and the predicate that cosign 3.1.3 signed of each. */
const GOLDEN: readonly (readonly [type: string, file: string, predicate: string])[] = [
  [
    "custom",
    '{"a":"<x>&"}\n',
    '{"Data":"{\\"a\\":\\"<x>&\\"}\\n","Timestamp":"2026-11-23T22:33:27Z"}',
  ],
  [
    "spdxjson",
    '{"b":1.50,"a":"<x>&","big":12345678901234567890,"n":1e3,"u":"é"}',
    '{"a":"<x>&","b":1.5,"big":12345678901234567000,"n":1000,"u":"é"}',
  ],
  ["openvex", '{"é":1,"z":-0,"B":1e21,"c":1e-7}', '{"B":1e+21,"c":1e-7,"z":-0,"é":1}'],
  ["cyclonedx", "null", "{}"],
  ["https://example.com/x/v1", '{"b":{"2":1,"10":2}}', '{"b":{"10":2,"2":1}}'],
  [
    "slsaprovenance",
    '{"builder":{"id":"b","x":1},"build_type":"s","invocation":{"configSource":{"digest":{"b":"1",' +
    '"a":"2"},"entryPoint":""},"environment":{}},"metadata":{"buildStartedOn":' +
    '"2020-01-01T02:00:00.500+02:00","reproducible":false,"completeness":{}},"materials":[{}]}',
    '{"buildType":"s","builder":{"id":"b"},"invocation":{"configSource":{"digest":{"a":"2","b":"1"}},' +
    '"environment":{}},"materials":[{}],"metadata":{"buildStartedOn":"2020-01-01T00:00:00.500Z",' +
    '"completeness":{}}}',
  ],
  [
    "slsaprovenance1",
    '{"runDetails":{"metadata":{"invocationID":"i","startedOn":"2020-01-01T00:00:00.1Z"}},' +
    '"buildDefinition":{"resolvedDependencies":[{"content":"aGk"}]},"extra":1}',
    '{"buildDefinition":{"resolvedDependencies":[{"content":"aGk="}]},"runDetails":{"metadata":' +
    '{"invocationId":"i","startedOn":"2020-01-01T00:00:00.100Z"}}}',
  ],
  [
    "link",
    '{"_type":"link","name":"n","materials":null,"products":{},"byproducts":null,"command":["a"],' +
    '"environment":{"k":1},"extra":1}',
    '{"_type":"link","byproducts":null,"command":["a"],"environment":{"k":1},"materials":null,' +
    '"name":"n","products":{}}',
  ],
  [
    "vuln",
    '{"metadata":{"scanStartedOn":"2020-01-01T02:00:00.50+02:00"},"scanner":{"db":null}}',
    '{"invocation":{"builder.id":"","event_id":"","parameters":null,"uri":""},"metadata":' +
    '{"scanFinishedOn":"0001-01-01T00:00:00Z","scanStartedOn":"2020-01-01T02:00:00.5+02:00"},' +
    '"scanner":{"db":{"uri":"","version":""},"result":null,"uri":"","version":""}}',
  ],
];

for (const [type, file, predicate] of GOLDEN) {
  test(`buildAttestationStatement() writes ${type} as cosign 3.1.3 does`, () => {
    const wanted = `${HEAD}"${parsePredicateType(type)}","predicate":${predicate}}`;
    assert.equal(statement(type, file), wanted);
  });
}

test("buildAttestationStatement() writes spdx as a text, in the order of Go's maps", () => {
  assert.equal(
    statement("spdx", "not json <a>\n"),
    `{"_type":"https://in-toto.io/Statement/v0.1","predicate":"not json \\u003ca\\u003e\\n",` +
      `"predicateType":"https://spdx.dev/Document",${SUBJECT}}`,
  );
});

test("buildPredicate() refuses what cosign refuses, and numbers that it could not keep", () => {
  const refused: readonly (readonly [string, string])[] = [
    ["spdxjson", "not json"],
    ["spdxjson", "[1]"],
    ["spdxjson", '{"a":1e400}'],
    ["https://example.com/x/v1", '"text"'],
    ["slsaprovenance02", '{"builder":"x"}'],
    ["slsaprovenance1", '{"runDetails":{"metadata":{"startedOn":"today"}}}'],
    ["link", '{"name":"n"}'],
    ["vuln", '{"scanner":{"uri":1}}'],
  ];
  for (const [type, file] of refused) {
    assert.throws(() => statement(type, file), { code: "MALFORMED" }, `${type} ${file}`);
  }
  for (const name of ["custom", "spdx"] as const) {
    assert.throws(() => buildPredicate(name, new Uint8Array([0xff]), NOW), { code: "MALFORMED" });
  }
});

test("parsePredicateType() knows cosign's names and URIs, and nothing else", () => {
  assert.equal(parsePredicateType("slsaprovenance"), "https://slsa.dev/provenance/v0.2");
  assert.equal(parsePredicateType("urn:x:y"), "urn:x:y");
  for (const text of ["nonsense", "", "toString", "https://a b"]) {
    assert.throws(() => parsePredicateType(text), UsageError);
  }
});

test("isPredicateType() takes what cosign 1 called custom for custom, and no other for another", () => {
  const { custom, vuln } = PREDICATE_TYPES;
  assert.ok(isPredicateType(custom, "cosign.sigstore.dev/attestation/v1"));
  assert.ok(!isPredicateType(vuln, "cosign.sigstore.dev/attestation/v1"));
  assert.ok(!isPredicateType(custom, vuln));
});
