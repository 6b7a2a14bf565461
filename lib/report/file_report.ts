import type { FleetResult } from "../fleet/fleet_result.ts";
import type { SignedTag } from "../fleet/sign_tags.ts";
import { drawTable, type TableKind, type TableOptions } from "./draw_table.ts";
import { durationText } from "./number_text.ts";
import { openReportOf, type ReportFormat } from "./open_report.ts";
import { imageRecord } from "./record.ts";
import type { ReportSink, ReportWriter, RunStart } from "./report.ts";
import { signRecord } from "./sign_record.ts";
import type { SignReportWriter } from "./sign_report.ts";
import { outcomesText, type SignSummary } from "./sign_summary.ts";
import { OUTCOMES } from "./sign_table.ts";
import { type Summary, verdictsText } from "./summary.ts";
import { verdictTable } from "./table.ts";

/** Files share a folder, as images do a repository. */
function fileLeafStart(path: string): number {
  return path.lastIndexOf("/") + 1;
}

function fileVerdictTable(): TableKind<FleetResult, Summary> {
  const table = verdictTable();
  return {
    ...table,
    titles: { ...table.titles, item: "FILE" },
    leafStart: fileLeafStart,
    item(result) {
      const { kind, reasons } = result.verdict;
      const item = table.item(result);
      // The evidence of an image is a request; that of a file is the file itself.
      return kind === "unknown"
        ? { ...item, details: reasons.map(({ message }) => message) }
        : item;
    },
    summaryText: (summary, milliseconds) =>
      `${verdictsText(summary, "file")} · ${durationText(milliseconds)}`,
  };
}

const FILE_OUTCOMES: TableKind<SignedTag, SignSummary> = {
  ...OUTCOMES,
  titles: { ...OUTCOMES.titles, item: "FILE" },
  leafStart: fileLeafStart,
  summaryText: (summary, milliseconds) =>
    `${outcomesText(summary, "file")} · ${durationText(milliseconds)}`,
};

type TableArguments = [start: RunStart, sink: ReportSink, options: TableOptions];

/** Begin the report of verified files (report.schema.json), in which `image` is a file's path. */
export function openFileReport(
  format: ReportFormat,
  start: RunStart,
  sink: ReportSink,
  options: TableOptions = {},
): ReportWriter {
  const table = (...rest: TableArguments) => drawTable(fileVerdictTable(), ...rest);
  return openReportOf({ table, record: imageRecord }, format, start, sink, options);
}

/** Begin the report of signed files (sign_report.schema.json), in which `image` is a file's path. */
export function openSignFilesReport(
  format: ReportFormat,
  start: RunStart,
  sink: ReportSink,
  options: TableOptions = {},
): SignReportWriter {
  const table = (...rest: TableArguments) => drawTable(FILE_OUTCOMES, ...rest);
  return openReportOf({ table, record: signRecord }, format, start, sink, options);
}
