import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { MISSING_CHECKS } from "../../lib/report/record.ts";
import { REPORT_SCHEMA_VERSION } from "../../lib/report/report.ts";
import type { SignatureFormat } from "../../lib/signature/signature_format.ts";
import { REASON_CODES } from "../../lib/verify/reason.ts";
import { type Check, type Signer, VERDICT_KINDS } from "../../lib/verify/verdict.ts";
import { report, RESULTS } from "./samples.ts";

const schema = JSON.parse(
  await readFile(new URL("../../lib/report/report.schema.json", import.meta.url), "utf8"),
);
const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false });
formats.default(ajv);
const isReport = ajv.compile(schema);
const isLine = ajv.compile({ $ref: `${schema.$id}#/$defs/line` });

const read = async (): Promise<Record<string, unknown> & { images: Record<string, unknown>[] }> =>
  JSON.parse((await report("json", RESULTS)).text);

test("a JSON report is of the schema's shape, with images and without", async () => {
  for (const results of [RESULTS, []]) {
    const { text } = await report("json", results);
    assert.ok(isReport(JSON.parse(text)), ajv.errorsText(isReport.errors));
  }
});

test("each line of an NDJSON report is of the schema's shape", async () => {
  const { text } = await report("ndjson", RESULTS);
  for (const line of text.trimEnd().split("\n")) {
    assert.ok(isLine(JSON.parse(line)), ajv.errorsText(isLine.errors));
  }
});

test("the schema's lists are those of the sources", () => {
  // The compiler holds these two complete; the sources have them as types only.
  const checks: Record<Check, true> = {
    "signature": true,
    "timestamp": true,
    "transparency-log": true,
    "certificate": true,
    "certificate-log": true,
    "identity": true,
    "claims": true,
    "annotations": true,
    "predicate-type": true,
  };
  const signatureFormats: Record<SignatureFormat, true> = { legacy: true, bundle: true };
  const signers: Record<Signer["kind"], true> = { key: true, certificate: true };
  const { $defs } = schema;
  assert.deepEqual($defs.reasonCode.enum, REASON_CODES);
  assert.deepEqual($defs.verdict.enum, VERDICT_KINDS);
  assert.deepEqual($defs.missingCheck.enum, MISSING_CHECKS);
  assert.deepEqual($defs.check.enum, Object.keys(checks));
  assert.deepEqual($defs.format.enum, Object.keys(signatureFormats));
  const kinds = [$defs.keySigner, $defs.certificateSigner].flatMap((one) =>
    one.properties.kind.enum
  );
  assert.deepEqual(kinds, Object.keys(signers));
  assert.equal($defs.schemaVersion.const, REPORT_SCHEMA_VERSION);
});

test("the schema admits no member that it does not name", async () => {
  const document = await read();
  assert.equal(isReport({ ...document, more: 1 }), false);
  const [first, ...others] = document.images;
  assert.equal(isReport({ ...document, images: [{ ...first, more: 1 }, ...others] }), false);
  assert.equal(isLine({ type: "image", ...first }), true);
  assert.equal(isLine({ type: "image", ...first, more: 1 }), false);
  assert.equal(isLine({ type: "other", ...first }), false);
});

test("the schema asks for evidence exactly when the verdict is unknown", async () => {
  const { images, ...document } = await read();
  const { evidence, ...unknown } = images.find(({ verdict }) => verdict === "unknown")!;
  assert.equal(isReport({ ...document, images: [unknown] }), false);
  assert.equal(isReport({ ...document, images: [{ ...unknown, evidence }] }), true);
  assert.equal(isReport({ ...document, images: [{ ...images[0], evidence }] }), false);
});
