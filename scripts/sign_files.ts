#!/usr/bin/env node
import { diskFiles } from "../lib/base/disk.ts";
import { UsageError } from "../lib/base/errors.ts";
import { signFiles } from "../lib/fleet/sign_files.ts";
import type { SignedTag } from "../lib/fleet/sign_tags.ts";
import { startLock } from "../lib/fleet/write_lock.ts";
import { openSignFilesReport } from "../lib/report/file_report.ts";
import { countTags, signExitCode, type SignSummary } from "../lib/report/sign_summary.ts";
import {
  cannotUse,
  defineFileOptions,
  type FileFlags,
  openFileList,
} from "./command/file_sources.ts";
import { readPrivateKey } from "./command/keys.ts";
import { reportRun } from "./command/report_run.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends FileFlags {
  readonly key: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly signLock?: boolean;
}

/** Sign many files. */
export const task: Task<Flags> = {
  name: "sign-files",
  summary: "Sign files, folders and lists of files, with a bundle beside each",
  examples: [
    ["sign-files --key cosign.key dist", "every file in a folder; what is signed stays as it is"],
    [
      "sign-files --key cosign.key --lock dist/SHA256SUMS --sign-lock 'dist/*.tar.gz'",
      "those that match, and a list of them for verify-files and sha256sum, signed as well",
    ],
    ["sign-files --key cosign.key --dry-run @files.txt", "say what it would do with a list"],
  ],
  // 1 would say that files are bad.
  brokenOff: 3,
  define(command) {
    command.argument("<path...>", "files; folders; globs; @FILE or - for a list");
    command
      .requiredOption("--key <key>", "encrypted private key: file, https://, env:// or k8s://")
      .option("--force", "replace bundles that do not verify with this key")
      .option("--dry-run", "sign nothing, and say what would be signed")
      .option("--lock <file>", "write the SHA-256 and path of each, as sha256sum does")
      .option("--sign-lock", "sign that file as well");
    defineFileOptions(command);
  },
  async run(args, flags, io) {
    if (flags.signLock === true && flags.lock === undefined) {
      throw new UsageError("Cannot sign the lock file: name it with --lock");
    }
    const files = diskFiles(io);
    const items = await openFileList(files, args, flags, io);
    const key = await readPrivateKey(flags.key, io);
    const { dryRun, force } = flags;
    const lock = flags.lock === undefined
      ? undefined
      : await startLock(files, flags.lock, { key, force, signed: flags.signLock === true })
        .catch(cannotUse(`write ${flags.lock}`));
    return await reportRun<SignedTag, SignSummary>(flags, io, {
      noun: "file",
      open: openSignFilesReport,
      async work(add, progress) {
        const counter = countTags();
        let found = 0;
        const results = signFiles(files, items, {
          key,
          dryRun,
          force,
          lock,
          limit: flags.maxWorkers,
          onFound: () => progress.expect(++found),
        });
        for await (const result of results) {
          counter.add(result);
          await add(result);
          progress.count(result.kind === "failed" ? "failed" : "verified");
        }
        const counts = counter.counts();
        if (counts.tags === 0) throw new UsageError("Cannot sign: there are no files");
        return { summary: { ...counts, requests: 0, retries: 0 }, code: signExitCode(counts) };
      },
    });
  },
};

await runIfMain(import.meta.url, task);
