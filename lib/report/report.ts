import type { FleetResult } from "../fleet/fleet_result.ts";
import type { Summary } from "./summary.ts";

/** The version of the JSON and NDJSON reports: it grows when a reader of the old form would err. */
export const REPORT_SCHEMA_VERSION = 1;

/** What is known when a run begins. */
export interface RunStart {
  readonly tool: {
    readonly name: string;
    readonly version: string;
    /** What it runs on: `node 24.21.0`. */
    readonly runtime: string;
  };
  readonly startedAt: Date;
}

/** What is known when it is over. The summary is that of a verification unless named. */
export interface RunEnd<Totals = Summary> {
  readonly finishedAt: Date;
  readonly summary: Totals;
}

/** Where a report goes: a file, a terminal, a test's buffer. */
export interface ReportSink {
  write(text: string): Promise<void> | void;
}

/** A report under way. Wait for each call before the next, so that a slow sink slows the run. */
export interface ReportWriter<Result = FleetResult, Totals = Summary> {
  /** Take the next image, in the order of the report. */
  add(result: Result): Promise<void> | void;
  /** Write what remains. The sink stays open: it is the caller's. */
  close(end: RunEnd<Totals>): Promise<void>;
}
