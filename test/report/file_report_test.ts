import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { FleetResult } from "../../lib/fleet/fleet_result.ts";
import { openFileReport, openSignFilesReport } from "../../lib/report/file_report.ts";
import type { ReportFormat } from "../../lib/report/open_report.ts";
import type { ReportSink } from "../../lib/report/report.ts";
import { endOf, failed, START, unsigned, verified, written } from "./samples.ts";
import { done, failed as notSigned, gone, signEnd } from "./sign_samples.ts";

const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false });
formats.default(ajv);

async function compileSchema(name: string) {
  const url = new URL(`../../lib/report/${name}`, import.meta.url);
  const schema = JSON.parse(await readFile(url, "utf8"));
  return {
    document: ajv.compile(schema),
    line: ajv.compile({ $ref: `${schema.$id}#/$defs/line` }),
  };
}

function unreadable(image: string): FleetResult {
  const message = "permission denied (EACCES)";
  return {
    image,
    verdict: {
      kind: "unknown",
      signatures: [],
      reasons: [{ code: "file-unreadable", message }],
      evidence: { request: `read ${image}`, attempts: 1, message },
    },
  };
}

const RESULTS = [
  verified("dist/:a:b.tgz", "bundle"),
  unsigned("dist/c@d:e"),
  failed("dist/sub/x", "no", "second"),
  unreadable("top-level"),
  verified("other", "legacy"),
  failed("/", "no"),
  verified("evil/\u001b[2J\n\u202e", "bundle"),
];

const SIGNED = [
  done("dist/a.tgz", { bundle: "signed" }),
  done("dist/b.tgz", { bundle: "already-signed" }),
  gone("top-level"),
  notSigned("other", "permission denied (EACCES)"),
];

const report = (format: ReportFormat) =>
  written((sink: ReportSink) => openFileReport(format, START, sink), RESULTS, endOf(RESULTS));
const signReport = (format: ReportFormat) =>
  written((sink: ReportSink) => openSignFilesReport(format, START, sink), SIGNED, signEnd(SIGNED));

test("the table of verified files groups them by folder, and says why", async () => {
  const { text } = await report("table");
  const lines = text.split("\n").map((line) => line.trimEnd());
  assert.deepEqual(lines.slice(0, 1).concat(lines.slice(2)), [
    "FILE                   DIGEST        VERDICT     WHY",
    "dist/",
    "  :a:b.tgz             bc359007a5ff  ✔ verified  bundle by cosign.pub",
    "  c@d:e                56d5a7dd5e5e  ○ unsigned  neither a signature tag nor a bundle",
    "dist/sub/x             500974e7d533  ✘ failed    no (+1 more)",
    "top-level              -             ? unknown   permission denied (EACCES)",
    "other                  d9298a10d1b0  ✔ verified  legacy by cosign.pub",
    "/                      8a5edab28263  ✘ failed    no",
    "evil/\\u001b[2J \\u202e  276dcbd9b482  ✔ verified  bundle by cosign.pub",
    "",
    "transparency log: not checked",
    "7 files: 3 verified, 2 failed, 1 unsigned, 1 unknown · 1.2 s",
    "",
  ]);
});

test("the table of signed files groups them by folder", async () => {
  const { text } = await signReport("table");
  assert.deepEqual(text.split("\n"), [
    "FILE       DIGEST        OUTCOME           DETAIL",
    "─".repeat(70),
    "dist/",
    "  a.tgz    78758bf565bf  ✔ signed          bundle",
    "  b.tgz    d2d23bd6c219  • already signed  bundle",
    "top-level  -             – gone            deleted since it was listed",
    "other      -             ✘ failed          permission denied (EACCES)",
    "",
    "4 files, 2 digests: 1 signed, 1 already signed, 1 gone, 1 failed · 1.2 s",
    "",
  ]);
});

test("the JSON reports on files are of the schemas' shapes", async () => {
  const cases = [
    [report, await compileSchema("report.schema.json")],
    [signReport, await compileSchema("sign_report.schema.json")],
  ] as const;
  for (const [write, { document, line }] of cases) {
    const json = JSON.parse((await write("json")).text) as {
      readonly images: readonly { readonly image: string }[];
    };
    assert.ok(document(json), ajv.errorsText(document.errors));
    const names = write === report ? RESULTS : SIGNED;
    assert.deepEqual(json.images.map(({ image }) => image), names.map(({ image }) => image));
    for (const text of (await write("ndjson")).text.trimEnd().split("\n")) {
      assert.ok(line(JSON.parse(text)), ajv.errorsText(line.errors));
    }
  }
});

test("a name of a file sends nothing to the terminal that could steer it", async () => {
  for (const format of ["table", "json", "ndjson"] as const) {
    for (const line of (await report(format)).text.split("\n")) {
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
    }
  }
});
