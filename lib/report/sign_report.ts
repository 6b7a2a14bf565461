import type { SignedTag } from "../fleet/sign_tags.ts";
import type { TableOptions } from "./draw_table.ts";
import { openReportOf, type ReportFormat } from "./open_report.ts";
import type { ReportSink, ReportWriter, RunEnd, RunStart } from "./report.ts";
import { signRecord } from "./sign_record.ts";
import type { SignSummary } from "./sign_summary.ts";
import { writeSignTable } from "./sign_table.ts";

/** What is known when a run of signing is over. */
export type SignRunEnd = RunEnd<SignSummary>;

/** The report of a run of signing, under way. */
export type SignReportWriter = ReportWriter<SignedTag, SignSummary>;

/** Begin the report of a run of signing (sign_report.schema.json). */
export function openSignReport(
  format: ReportFormat,
  start: RunStart,
  sink: ReportSink,
  options: TableOptions = {},
): SignReportWriter {
  return openReportOf({ table: writeSignTable, record: signRecord }, format, start, sink, options);
}
