import { UsageError } from "../base/errors.ts";
import type { TableOptions } from "./draw_table.ts";
import { writeJson } from "./json.ts";
import { writeNdjson } from "./ndjson.ts";
import { imageRecord } from "./record.ts";
import type { ReportSink, ReportWriter, RunStart } from "./report.ts";
import { writeTable } from "./table.ts";

/** The formats of a report. */
export const REPORT_FORMATS = ["table", "json", "ndjson"] as const;

/** One of them. */
export type ReportFormat = typeof REPORT_FORMATS[number];

/** A report that was asked for: its format, and the file it goes to if not to standard output. */
export interface ReportOutput {
  readonly format: ReportFormat;
  readonly file?: string;
}

/**
 * Read what `--output` asks for: `json`, or `json=report.json`.
 *
 * @throws {UsageError} if the format is none of {@link REPORT_FORMATS}, or the file has no name
 */
export function parseOutput(text: string): ReportOutput {
  const [word] = text.split("=", 1);
  const format = REPORT_FORMATS.find((known) => known === word);
  if (format === undefined) {
    throw new UsageError(`Cannot write a report as "${word}": want ${REPORT_FORMATS.join(", ")}`);
  }
  if (text === format) return { format };
  const file = text.slice(format.length + 1);
  if (file === "") throw new UsageError(`Cannot write a report to "${text}": want a file's name`);
  return { format, file };
}

/** What one kind of report has of its own. */
export interface ReportKind<Result, Totals> {
  /** How it is written for people. */
  readonly table: (
    start: RunStart,
    sink: ReportSink,
    options: TableOptions,
  ) => ReportWriter<Result, Totals>;
  /** What stands for an image in JSON. */
  readonly record: (result: Result) => object;
}

/** Begin a report of some kind. The options are the table's; the other formats have none. */
export function openReportOf<Result, Totals>(
  { table, record }: ReportKind<Result, Totals>,
  format: ReportFormat,
  start: RunStart,
  sink: ReportSink,
  options: TableOptions,
): ReportWriter<Result, Totals> {
  switch (format) {
    case "table":
      return table(start, sink, options);
    case "json":
      return writeJson(start, sink, record);
    case "ndjson":
      return writeNdjson(start, sink, record);
    default:
      return format satisfies never;
  }
}

/** Begin the report of a verification (report.schema.json). */
export function openReport(
  format: ReportFormat,
  start: RunStart,
  sink: ReportSink,
  options: TableOptions = {},
): ReportWriter {
  return openReportOf({ table: writeTable, record: imageRecord }, format, start, sink, options);
}
