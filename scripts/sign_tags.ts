#!/usr/bin/env node
import { UsageError } from "../lib/base/errors.ts";
import { type SignedTag, signTags } from "../lib/fleet/sign_tags.ts";
import { compileFilter } from "../lib/policy/glob.ts";
import { parseTarget } from "../lib/fleet/target.ts";
import type { Repository } from "../lib/reference/reference.ts";
import { openSignReport } from "../lib/report/sign_report.ts";
import { countTags, signExitCode, type SignSummary } from "../lib/report/sign_summary.ts";
import { collect } from "./command/annotations.ts";
import {
  defineWorkerOption,
  withRegistries,
  type WorkerFlags,
} from "./command/registry_options.ts";
import { defineOutputOption, type OutputFlags, reportRun } from "./command/report_run.ts";
import { defineSignOptions, type SignFlags, withSignOptions } from "./command/sign_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends SignFlags, WorkerFlags, OutputFlags {
  readonly tags?: readonly string[];
  readonly exclude?: readonly string[];
}

function parseRepositoryWord(word: string): Repository {
  const target = parseTarget(word);
  if (target.kind === "repository") return target.repository;
  throw new UsageError(
    `Cannot sign the tags of "${word}": want a repository without tag; see --tags, or the task sign`,
  );
}

/** Sign every tag of repositories. */
export const task: Task<Flags> = {
  name: "sign-tags",
  summary: "Sign every tag of repositories, with a key or with an identity",
  examples: [
    ["sign-tags --key cosign.key registry.example/app", "every tag; what is signed stays as it is"],
    [
      "sign-tags --key cosign.key --tags 'v2.*' --dry-run registry.example/app",
      "say what it would do",
    ],
    [
      "sign-tags --key cosign.key --format both registry.example/app",
      "for cosign 3 and for older ones",
    ],
    [
      "sign-tags --rekor-rate 5 registry.example/app",
      "without a key: one certificate for many tags, and no more log entries a second than this",
    ],
  ],
  // 1 would say that images are bad.
  brokenOff: 3,
  define(command) {
    command.argument("<repository...>", "repositories, without tags");
    defineSignOptions(command);
    command
      .option("--tags <glob>", "only tags that match; may be repeated", collect)
      .option("--exclude <glob>", "no tags that match; may be repeated", collect)
      .option("--dry-run", "sign nothing, and say what would be signed");
    defineWorkerOption(command, 16);
    defineOutputOption(command);
  },
  async run(args, flags, io) {
    const repositories = args.map(parseRepositoryWord);
    const wanted = compileFilter({ include: flags.tags ?? [], exclude: flags.exclude ?? [] });
    return await withSignOptions(
      flags,
      io,
      (options) =>
        reportRun<SignedTag, SignSummary>(flags, io, {
          open: openSignReport,
          work: (add, progress) =>
            withRegistries(flags, io, flags.maxWorkers, async (remote) => {
              const counter = countTags();
              let found = 0;
              const results = signTags(remote, repositories, {
                ...options,
                wanted,
                recursive: flags.recursive,
                limit: flags.maxWorkers,
                onFound: () => progress.expect(++found),
              });
              for await (const tag of results) {
                counter.add(tag);
                await add(tag);
                progress.count(tag.kind === "failed" ? "failed" : "verified");
              }
              const counts = counter.counts();
              if (counts.tags === 0) throw new UsageError("Cannot sign: no tag matches");
              return { summary: { ...counts, ...remote.counters }, code: signExitCode(counts) };
            }),
        }),
    );
  },
};

await runIfMain(import.meta.url, task);
