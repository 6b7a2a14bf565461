/** What the tasks that sign and verify many files have in common. */

import type { Command } from "commander";
import { UsageError } from "../../lib/base/errors.ts";
import { FileError, type Files } from "../../lib/base/files.ts";
import { type FileItem, type FileSource, listFiles } from "../../lib/fleet/list_files.ts";
import { locateFile } from "../../lib/fleet/locate_file.ts";
import { compilePathFilter } from "../../lib/policy/path_glob.ts";
import { parseOutput } from "../../lib/report/open_report.ts";
import { collect } from "./annotations.ts";
import type { Io } from "./io.ts";
import { checkList, listLines } from "./list_lines.ts";
import { partName } from "./outputs.ts";
import { defineWorkerOption, type WorkerFlags } from "./registry_options.ts";
import { defineOutputOption, type OutputFlags } from "./report_run.ts";

/** Which files are meant. */
export interface FileFlags extends WorkerFlags, OutputFlags {
  readonly exclude?: readonly string[];
  readonly base: string;
  readonly lock?: string;
}

/** Declare how files are named and reported on. */
export function defineFileOptions(command: Command): void {
  command
    .option("--exclude <glob>", "leave out files and folders that match; may be repeated", collect)
    .option("--base <folder>", "the folder that lists are relative to and may not leave", ".");
  defineWorkerOption(command, 16, "files");
  defineOutputOption(command);
}

/** Say of a file that a flag names why it cannot be used. */
export function cannotUse(what: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof FileError)) throw error;
    throw new UsageError(`Cannot ${what}: ${error.message}`, { cause: error });
  };
}

async function* readSources(
  args: readonly string[],
  base: string,
  io: Io,
): AsyncGenerator<FileSource> {
  for (const text of args) {
    const lines = listLines(text, io);
    if (lines === undefined) yield { kind: "word", text };
    else {
      for await (const line of lines) {
        if (line !== "" && !line.startsWith("#")) yield { kind: "line", text: line, base };
      }
    }
  }
}

/**
 * List the files that the command line names, without those that the run itself writes. What is wrong
 * with it is told before the first is looked at.
 *
 * @throws {UsageError}
 */
export async function openFileList(
  files: Files,
  args: readonly string[],
  { exclude = [], base, output = [] }: FileFlags,
  io: Io,
): Promise<AsyncIterable<FileItem>> {
  for (const word of args) await checkList(word);
  const excluded = compilePathFilter(exclude);
  const root = await files.resolve(base).catch(cannotUse(`use --base ${base}`));
  const own = output.map(parseOutput).flatMap(({ file }) =>
    file === undefined ? [] : [file, partName(file)]
  );
  const skipped = new Set<string>();
  for (const path of own) {
    skipped.add(await locateFile(files, path).catch(cannotUse(`write ${path}`)));
  }
  return listFiles(files, readSources(args, root, io), { excluded, skipped });
}
