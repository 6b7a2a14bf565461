import type { Command } from "commander";
import { VERSION } from "../../lib/base/version.ts";
import type { TableOptions } from "../../lib/report/draw_table.ts";
import { parseOutput, REPORT_FORMATS, type ReportFormat } from "../../lib/report/open_report.ts";
import type { ReportSink, ReportWriter, RunStart } from "../../lib/report/report.ts";
import { collect } from "./annotations.ts";
import type { Io } from "./io.ts";
import { openSinks, tableOptions } from "./outputs.ts";
import { type Progress, showProgress } from "./progress.ts";

/** Options of the tasks that report on many images. */
export interface OutputFlags {
  readonly output?: readonly string[];
}

/** Declare them. */
export function defineOutputOption(command: Command): void {
  command.option(
    "--output <format[=file]>",
    `${REPORT_FORMATS.join(", ")}; may be repeated (default: table)`,
    collect,
  );
}

/** A run that reports: how its reports are opened, and what it does. */
export interface ReportedRun<Item, Summary> {
  /** What is counted; images unless told. */
  readonly noun?: string;
  readonly open: (
    format: ReportFormat,
    start: RunStart,
    sink: ReportSink,
    options: TableOptions,
  ) => ReportWriter<Item, Summary>;
  /** Do the work, giving every item to `add`; the reports are whole only if this returns. */
  readonly work: (
    add: (item: Item) => Promise<void>,
    progress: Progress,
  ) => Promise<{ readonly summary: Summary; readonly code: number }>;
}

/**
 * Do a run and write its reports while it goes on. A report's file appears when it is whole; of a run
 * that breaks off none does.
 *
 * @returns the run's exit code
 */
export async function reportRun<Item, Summary>(
  { output = ["table"] }: OutputFlags,
  io: Io,
  { noun, open, work }: ReportedRun<Item, Summary>,
): Promise<number> {
  const outputs = output.map(parseOutput);
  const sinks = await openSinks(outputs, io);
  const startedAt = new Date(io.clock.now());
  const start = { tool: { name: "sigfleet", version: VERSION, runtime: io.runtime }, startedAt };
  const reports = outputs.map(({ format, file }, index) =>
    open(format, start, sinks[index]!, file === undefined ? tableOptions(io) : {})
  );
  // Records that scroll by on the same terminal are progress enough.
  const scrolling = io.stdout.isTTY &&
    outputs.some(({ format, file }) => file === undefined && format !== "table");
  const progress = showProgress({
    stream: io.stderr,
    clock: io.clock,
    noun,
    ci: scrolling || io.env["CI"] !== undefined,
  });
  try {
    const add = async (item: Item): Promise<void> => {
      for (const report of reports) await report.add(item);
    };
    const { summary, code } = await work(add, progress);
    progress.clear();
    for (const [index, report] of reports.entries()) {
      await report.close({ finishedAt: new Date(io.clock.now()), summary });
      await sinks[index]!.keep();
    }
    return code;
  } catch (error) {
    progress.clear();
    for (const sink of sinks) await sink.giveUp();
    throw error;
  }
}
