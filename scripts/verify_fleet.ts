#!/usr/bin/env node
import { UsageError } from "../lib/base/errors.ts";
import type { FleetResult } from "../lib/fleet/fleet_result.ts";
import { parseTarget, parseTargetLine, type Target } from "../lib/fleet/target.ts";
import { verifyFleet } from "../lib/fleet/verify_fleet.ts";
import { openReport } from "../lib/report/open_report.ts";
import { countVerdict, exitCode, noVerdicts, type Summary } from "../lib/report/summary.ts";
import type { Io } from "./command/io.ts";
import { checkList, listLines } from "./command/list_lines.ts";
import {
  defineWorkerOption,
  storeOptions,
  withRegistries,
  type WorkerFlags,
} from "./command/registry_options.ts";
import { defineOutputOption, type OutputFlags, reportRun } from "./command/report_run.ts";
import { runIfMain, type Task } from "./command/task.ts";
import {
  childOptions,
  defineVerifyOptions,
  signaturePolicy,
  type VerifyFlags,
} from "./command/verify_options.ts";

type Flags = VerifyFlags & WorkerFlags & OutputFlags;

/** What the words of the command line name, as a stream: lists are read while images are verified. */
async function* readTargets(args: readonly string[], io: Io): AsyncGenerator<Target> {
  for (const word of args) {
    const lines = listLines(word, io);
    if (lines === undefined) yield parseTarget(word);
    else {
      for await (const line of lines) {
        const target = parseTargetLine(line);
        if (target !== undefined) yield target;
      }
    }
  }
}

/** Find out what is wrong with the words before the first request: a typing error costs nothing. */
async function checkWords(args: readonly string[]): Promise<void> {
  for (const word of args) {
    if (!await checkList(word)) parseTarget(word);
  }
}

/** Verify many images and report on each. */
export const task: Task<Flags> = {
  name: "verify-fleet",
  summary: "Verify images, repositories and lists of images, and report on each",
  examples: [
    ["verify-fleet --key cosign.pub registry.example/app", "every tag of a repository"],
    ["verify-fleet --key cosign.pub @running.txt", "the images that a file lists, one a line"],
    [
      "verify-fleet --key cosign.pub --output table --output json=report.json -",
      "images from standard input; a table to read and a report to keep",
    ],
  ],
  // 1 would say that images are bad.
  brokenOff: 3,
  define(command) {
    command.argument(
      "<name...>",
      "images; repositories (no tag, or NAME:*) for all their tags; @FILE or - for a list",
    );
    defineVerifyOptions(command);
    defineWorkerOption(command, 32);
    defineOutputOption(command);
  },
  async run(args, flags, io) {
    await checkWords(args);
    const policy = await signaturePolicy(flags, io);
    const store = storeOptions(flags, io.env);
    const children = childOptions(flags);
    return await reportRun<FleetResult, Summary>(flags, io, {
      open: openReport,
      work: (add, progress) =>
        withRegistries(flags, io, flags.maxWorkers, async (remote) => {
          const counts = noVerdicts();
          let found = 0;
          const results = verifyFleet(remote, readTargets(args, io), {
            policy,
            store,
            children,
            limit: flags.maxWorkers,
            onFound: () => progress.expect(++found),
          });
          for await (const result of results) {
            countVerdict(counts, result.verdict.kind);
            await add(result);
            progress.count(result.verdict.kind);
          }
          if (counts.images === 0) throw new UsageError("Cannot verify: there are no images");
          const summary = { ...counts, ...remote.counters };
          return { summary, code: exitCode(summary) };
        }),
    });
  },
};

await runIfMain(import.meta.url, task);
