#!/usr/bin/env node
import { open } from "node:fs/promises";
import { messageOf, UsageError } from "../lib/base/errors.ts";
import { VERSION } from "../lib/base/version.ts";
import { parseTarget, parseTargetLine, type Target } from "../lib/fleet/target.ts";
import { verifyFleet } from "../lib/fleet/verify_fleet.ts";
import { openReport, parseOutput, REPORT_FORMATS } from "../lib/report/open_report.ts";
import { countVerdict, exitCode, noVerdicts } from "../lib/report/summary.ts";
import { collect } from "./command/annotations.ts";
import type { Io } from "./command/io.ts";
import { openSinks, tableOptions } from "./command/outputs.ts";
import { showProgress } from "./command/progress.ts";
import {
  defineWorkerOption,
  storeOptions,
  withRegistries,
  type WorkerFlags,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";
import {
  defineVerifyOptions,
  signaturePolicy,
  type VerifyFlags,
} from "./command/verify_options.ts";

interface Flags extends VerifyFlags, WorkerFlags {
  readonly output?: readonly string[];
}

async function* readLines(source: AsyncIterable<string>): AsyncGenerator<Target> {
  for await (const line of source) {
    const target = parseTargetLine(line);
    if (target !== undefined) yield target;
  }
}

/** What the words of the command line name, as a stream: lists are read while images are verified. */
async function* readTargets(args: readonly string[], io: Io): AsyncGenerator<Target> {
  for (const word of args) {
    if (word === "-") {
      yield* readLines(io.stdin.lines());
    } else if (word.startsWith("@")) {
      const file = await open(word.slice(1)).catch((error: unknown) => {
        throw new UsageError(`Cannot read list ${word.slice(1)}: ${messageOf(error)}`);
      });
      yield* readLines(file.readLines());
    } else {
      yield parseTarget(word);
    }
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
  define(command) {
    command.argument(
      "<image|repository|@file|->...",
      "a name without tag or digest is a repository, and so is NAME:*",
    );
    defineVerifyOptions(command);
    defineWorkerOption(command, 32);
    command.option(
      "--output <format[=file]>",
      `${REPORT_FORMATS.join(", ")}; may be repeated (default: table)`,
      collect,
    );
  },
  async run(args, flags, io) {
    // Every word is read before the first request: a typing error costs nothing.
    for (const word of args) if (word !== "-" && !word.startsWith("@")) parseTarget(word);
    const outputs = (flags.output ?? ["table"]).map(parseOutput);
    const policy = await signaturePolicy(flags);
    const store = storeOptions(flags, io.env);
    const sinks = await openSinks(outputs, io);
    const startedAt = new Date(io.clock.now());
    const start = { tool: { name: "sigfleet", version: VERSION, runtime: io.runtime }, startedAt };
    const reports = outputs.map(({ format, file }, index) =>
      openReport(format, start, sinks[index]!, file === undefined ? tableOptions(io) : {})
    );
    const streaming = outputs.some(({ format, file }) => file === undefined && format !== "table");
    const progress = showProgress({
      stream: io.stderr,
      clock: io.clock,
      ci: io.env["CI"] !== undefined || streaming && io.stdout.isTTY,
    });
    try {
      return await withRegistries(flags, io, flags.maxWorkers, async (remote) => {
        const counts = noVerdicts();
        let found = 0;
        const results = verifyFleet(remote, readTargets(args, io), {
          policy,
          store,
          limit: flags.maxWorkers,
          onFound: () => progress.expect(++found),
        });
        for await (const result of results) {
          countVerdict(counts, result.verdict.kind);
          for (const report of reports) await report.add(result);
          progress.count(result.verdict.kind);
        }
        progress.clear();
        if (counts.images === 0) throw new UsageError("Cannot verify: there are no images");
        const summary = { ...counts, ...remote.counters };
        const end = { finishedAt: new Date(io.clock.now()), summary };
        for (const [index, report] of reports.entries()) {
          await report.close(end);
          await sinks[index]!.keep();
        }
        return exitCode(summary);
      });
    } catch (error) {
      progress.clear();
      for (const sink of sinks) await sink.giveUp();
      throw error;
    }
  },
};

await runIfMain(import.meta.url, task);
