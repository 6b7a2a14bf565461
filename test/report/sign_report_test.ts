import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { REPORT_FORMATS } from "../../lib/report/open_report.ts";
import { REPORT_SCHEMA_VERSION } from "../../lib/report/report.ts";
import { TAG_OUTCOMES } from "../../lib/report/sign_outcome.ts";
import { signRecord } from "../../lib/report/sign_record.ts";
import type { SignOutcome } from "../../lib/sign/signing_job.ts";
import { SIGNATURE_FORMATS } from "../../lib/signature/signature_format.ts";
import { START } from "./samples.ts";
import { DRY_TAGS, signEnd, signReport, TAGS } from "./sign_samples.ts";

const readSchema = async (name: string) =>
  JSON.parse(await readFile(new URL(`../../lib/report/${name}`, import.meta.url), "utf8"));
const schema = await readSchema("sign_report.schema.json");
const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false });
formats.default(ajv);
const isReport = ajv.compile(schema);
const isLine = ajv.compile({ $ref: `${schema.$id}#/$defs/line` });

test("openSignReport() writes every format", async () => {
  for (const format of REPORT_FORMATS) {
    const { text } = await signReport(format, TAGS);
    assert.ok(text.includes("registry.example/team/api"), format);
  }
});

test("a JSON report of signing has the run, its tags and its summary", async () => {
  const { text } = await signReport("json", TAGS);
  assert.deepEqual(JSON.parse(text), {
    schemaVersion: 1,
    tool: START.tool,
    startedAt: "2026-11-23T01:00:00.000Z",
    images: TAGS.map(signRecord),
    finishedAt: "2026-11-23T01:00:01.234Z",
    summary: signEnd(TAGS).summary,
  });
});

test("a JSON report of signing has one tag a line, written as the tags come", async () => {
  const { text, writes } = await signReport("json", TAGS);
  assert.equal(writes.length, TAGS.length + 1);
  const lines = text.split("\n");
  assert.equal(lines.length, TAGS.length + 3);
  for (const [index, { image }] of TAGS.entries()) {
    assert.equal(JSON.parse(lines[index + 1]!.replace(/,$/u, "")).image, image);
  }
});

test("an NDJSON report of signing is a run, an image a line, and a summary", async () => {
  const { text } = await signReport("ndjson", TAGS);
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ type }) => type), ["run", ...TAGS.map(() => "image"), "summary"]);
  assert.deepEqual(lines[1], { type: "image", ...signRecord(TAGS[0]!) });
});

test("JSON reports of signing are of their schema's shape: a run, a dry one, and one of no tags", async () => {
  for (const tags of [TAGS, DRY_TAGS, []]) {
    const document = JSON.parse((await signReport("json", tags)).text);
    assert.ok(isReport(document), ajv.errorsText(isReport.errors));
    const { text } = await signReport("ndjson", tags);
    for (const line of text.trimEnd().split("\n")) {
      assert.ok(isLine(JSON.parse(line)), ajv.errorsText(isLine.errors));
    }
  }
});

test("the signing schema's lists are those of the sources", () => {
  // The compiler holds this one complete; the sources have it as a type only.
  const outcomes: Record<SignOutcome, true> = {
    "signed": true,
    "already-signed": true,
    "to-sign": true,
  };
  const { $defs } = schema;
  assert.deepEqual($defs.outcome.enum, TAG_OUTCOMES);
  assert.deepEqual($defs.formatOutcome.enum, Object.keys(outcomes));
  assert.deepEqual(Object.keys($defs.formats.properties), SIGNATURE_FORMATS.toSorted());
  assert.equal($defs.schemaVersion.const, REPORT_SCHEMA_VERSION);
});

test("what both reports have has one definition in both schemas", async () => {
  const other = await readSchema("report.schema.json");
  for (const name of ["schemaVersion", "time", "count", "digest", "tool", "image", "line"]) {
    assert.deepEqual(schema.$defs[name], other.$defs[name], name);
  }
});

test("the signing schema admits no member that it does not name", async () => {
  const { images, ...document } = JSON.parse((await signReport("json", TAGS)).text);
  const [first] = images;
  assert.equal(isReport({ ...document, images: [first] }), true);
  assert.equal(isReport({ ...document, images: [first], more: 1 }), false);
  assert.equal(isReport({ ...document, images: [{ ...first, more: 1 }] }), false);
  assert.equal(isLine({ type: "image", ...first, more: 1 }), false);
  assert.equal(isLine({ type: "other", ...first }), false);
});

test("the signing schema asks for what an outcome must have, and for no more", () => {
  const isImage = (image: object): boolean => isLine({ type: "image", ...image });
  const signed = { ...signRecord(TAGS[0]!) };
  const failed = { ...signRecord(TAGS.find(({ kind }) => kind === "failed")!) };
  assert.equal(isImage(signed), true);
  assert.equal(isImage({ ...signed, digest: null }), false);
  assert.equal(isImage({ ...signed, formats: {} }), false);
  assert.equal(isImage({ ...signed, message: "no" }), false);
  const { message, ...silent } = failed;
  assert.equal(isImage(silent), false);
  assert.equal(isImage({ ...silent, message }), true);
  assert.equal(isImage({ ...failed, formats: { bundle: "signed" } }), false);
});
