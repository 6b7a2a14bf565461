import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../lib/base/errors.ts";
import { parseOutput, REPORT_FORMATS } from "../../lib/report/open_report.ts";
import { report, RESULTS } from "./samples.ts";

test("parseOutput() reads a format, and the file if there is one", () => {
  assert.deepEqual(parseOutput("json"), { format: "json" });
  assert.deepEqual(parseOutput("ndjson=out/run=7.ndjson"), {
    format: "ndjson",
    file: "out/run=7.ndjson",
  });
});

test("parseOutput() refuses an unknown format and names those it knows", () => {
  for (const text of ["", "xml", "JSON", "json:out.json", "=out.json", "toString"]) {
    assert.throws(() => parseOutput(text), (error) => {
      assert.ok(error instanceof UsageError);
      for (const format of REPORT_FORMATS) assert.ok(error.message.includes(format));
      return true;
    });
  }
});

test("parseOutput() refuses a file without a name", () => {
  assert.throws(() => parseOutput("json="), UsageError);
});

test("openReport() writes every format", async () => {
  for (const format of REPORT_FORMATS) {
    const { text } = await report(format, RESULTS);
    assert.ok(text.includes("registry.example/team/api"), format);
  }
});
