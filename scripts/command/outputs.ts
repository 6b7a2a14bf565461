import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { UsageError } from "../../lib/base/errors.ts";
import type { ReportOutput } from "../../lib/report/open_report.ts";
import type { ReportSink } from "../../lib/report/report.ts";
import type { Io } from "./io.ts";

/** A place for a report, open until it is kept or given up. */
export interface OpenSink extends ReportSink {
  /** The report is whole. */
  keep(): Promise<void>;
  /** It is not: leave nothing behind that looks as if it were. */
  giveUp(): Promise<void>;
}

/** The name of a report's file until it is whole. */
export function partName(path: string): string {
  return `${path}.part`;
}

async function openFile(path: string): Promise<OpenSink> {
  const part = partName(path);
  const stream = createWriteStream(part);
  try {
    await once(stream, "open");
  } catch (error) {
    throw new UsageError(`Cannot write report ${path}: ${(error as Error).message}`);
  }
  return {
    async write(text) {
      if (!stream.write(text)) await once(stream, "drain");
    },
    async keep() {
      stream.end();
      await finished(stream);
      await rename(part, path);
    },
    async giveUp() {
      stream.destroy();
      await rm(part, { force: true });
    },
  };
}

/**
 * Open where reports go: files, written beside their names and renamed when whole, and standard
 * output.
 *
 * @throws {UsageError} if two reports want standard output, or a file cannot be written
 */
export async function openSinks(
  outputs: readonly ReportOutput[],
  io: Io,
): Promise<readonly OpenSink[]> {
  if (outputs.filter(({ file }) => file === undefined).length > 1) {
    throw new UsageError(
      "Cannot write two reports to standard output: give one a file, as in --output json=FILE",
    );
  }
  const sinks: OpenSink[] = [];
  for (const { file } of outputs) {
    sinks.push(
      file === undefined
        ? { write: (text) => io.stdout.write(text), keep: async () => {}, giveUp: async () => {} }
        : await openFile(file),
    );
  }
  return sinks;
}

/** How a table looks on standard output: as wide as the terminal, coloured unless NO_COLOR is set. */
export function tableOptions({ env, stdout }: Io): { colors: boolean; width?: number } {
  const colors = stdout.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return { colors, ...(stdout.columns === undefined ? {} : { width: stdout.columns }) };
}
