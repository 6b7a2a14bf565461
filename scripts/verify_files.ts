#!/usr/bin/env node
import { diskFiles } from "../lib/base/disk.ts";
import { MalformedError, UsageError } from "../lib/base/errors.ts";
import type { Files } from "../lib/base/files.ts";
import type { FleetResult } from "../lib/fleet/fleet_result.ts";
import { type FileLock, readLock } from "../lib/fleet/read_lock.ts";
import { verifyFiles } from "../lib/fleet/verify_files.ts";
import { openFileReport } from "../lib/report/file_report.ts";
import { countVerdict, exitCode, noVerdicts, type Summary } from "../lib/report/summary.ts";
import type { SignaturePolicy } from "../lib/verify/signature_policy.ts";
import { defineBlobKeyOptions } from "./command/blob_flags.ts";
import {
  cannotUse,
  defineFileOptions,
  type FileFlags,
  openFileList,
} from "./command/file_sources.ts";
import { reportRun } from "./command/report_run.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { readSigners, type TrustFlags } from "./command/trust_options.ts";

interface Flags extends FileFlags, TrustFlags {
  readonly signedLock?: boolean;
}

function checkWords(args: readonly string[], { lock, signedLock }: Flags): void {
  if (lock !== undefined) return;
  if (signedLock === true) throw new UsageError("Cannot verify the lock file: name it with --lock");
  if (args.length === 0) throw new UsageError("Cannot verify: name files, or a --lock file");
}

async function openLock(
  files: Files,
  path: string,
  policy: SignaturePolicy,
): Promise<FileLock> {
  try {
    return await readLock(files, path, policy);
  } catch (error) {
    if (error instanceof MalformedError) {
      throw new UsageError(`Cannot use ${path}: ${error.message}`, { cause: error });
    }
    return cannotUse(`read ${path}`)(error);
  }
}

/** Verify many files and report on each. */
export const task: Task<Flags> = {
  name: "verify-files",
  summary: "Verify files, folders and lists of files by the bundle beside each",
  examples: [
    ["verify-files --key cosign.pub dist", "every file in a folder"],
    [
      "verify-files --key cosign.pub --lock dist/SHA256SUMS --signed-lock dist",
      "that there is just what a signed list names, no file more and none less",
    ],
    [
      "verify-files --key cosign.pub --output table --output json=report.json 'vendor/**/*.tgz'",
      "those that match; a table to read and a report to keep",
    ],
  ],
  // 1 would say that files are bad.
  brokenOff: 3,
  define(command) {
    command.argument(
      "[path...]",
      "files; folders; globs; @FILE or - for a list; those of the lock file if none",
    );
    defineBlobKeyOptions(command);
    command
      .option("--lock <file>", "the files that must be there, as sign-files or sha256sum writes it")
      .option("--signed-lock", "that file must be signed as well");
    defineFileOptions(command);
  },
  async run(args, flags, io) {
    checkWords(args, flags);
    const files = diskFiles(io);
    const policy = { ...await readSigners(flags, io), annotations: {} };
    const items = await openFileList(files, args, flags, io);
    const lock = flags.lock === undefined ? undefined : await openLock(files, flags.lock, policy);
    return await reportRun<FleetResult, Summary>(flags, io, {
      noun: "file",
      open: openFileReport,
      async work(add, progress) {
        const counts = noVerdicts();
        let found = 0;
        const report = async (result: FleetResult): Promise<void> => {
          countVerdict(counts, result.verdict.kind);
          await add(result);
          progress.count(result.verdict.kind);
        };
        if (lock !== undefined && (flags.signedLock === true || lock.verdict.kind !== "unsigned")) {
          await report({ image: flags.lock!, verdict: lock.verdict });
        }
        const results = verifyFiles(files, items, {
          policy,
          lock,
          limit: flags.maxWorkers,
          onFound: () => progress.expect(++found),
        });
        for await (const result of results) await report(result);
        if (counts.images === 0) throw new UsageError("Cannot verify: there are no files");
        const summary = { ...counts, requests: 0, retries: 0 };
        return { summary, code: exitCode(summary) };
      },
    });
  },
};

await runIfMain(import.meta.url, task);
