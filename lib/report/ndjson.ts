import {
  REPORT_SCHEMA_VERSION,
  type ReportSink,
  type ReportWriter,
  type RunStart,
} from "./report.ts";
import { safeJson } from "./safe_text.ts";

/**
 * Write one JSON object a line (`$defs/line` of the report's schema): a `run`, an `image` each, and
 * a `summary`. Together they hold what the JSON document holds; without the last the run did not
 * end.
 */
export function writeNdjson<Result, Totals>(
  { tool, startedAt }: RunStart,
  sink: ReportSink,
  record: (result: Result) => object,
): ReportWriter<Result, Totals> {
  const line = (type: "run" | "image" | "summary", content: object): string =>
    `${safeJson({ type, ...content })}\n`;
  let head = line("run", { schemaVersion: REPORT_SCHEMA_VERSION, tool, startedAt });
  const write = (text: string): Promise<void> | void => {
    const lines = head + text;
    head = "";
    return sink.write(lines);
  };
  return {
    add: (result) => write(line("image", record(result))),
    async close({ finishedAt, summary }) {
      await write(line("summary", { finishedAt, summary }));
    },
  };
}
