import {
  REPORT_SCHEMA_VERSION,
  type ReportSink,
  type ReportWriter,
  type RunStart,
} from "./report.ts";
import { safeJson } from "./safe_text.ts";

/** The members of a JSON object without its braces. */
function members(object: object): string {
  return safeJson(object).slice(1, -1);
}

/**
 * Write one JSON document, in which `record` is what stands for an image. It is written as the
 * images come, one a line, so that `diff` and `grep` work on it; what is known only at the end
 * stands after them.
 */
export function writeJson<Result, Totals>(
  { tool, startedAt }: RunStart,
  sink: ReportSink,
  record: (result: Result) => object,
): ReportWriter<Result, Totals> {
  let lead = `{${members({ schemaVersion: REPORT_SCHEMA_VERSION, tool, startedAt })},"images":[`;
  return {
    add(result) {
      const text = `${lead}\n${safeJson(record(result))}`;
      lead = ",";
      return sink.write(text);
    },
    async close({ finishedAt, summary }) {
      const rest = lead === "," ? "\n]" : `${lead}]`;
      await sink.write(`${rest},${members({ finishedAt, summary })}}\n`);
    },
  };
}
