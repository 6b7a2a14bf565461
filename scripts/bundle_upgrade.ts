#!/usr/bin/env node
import { decodeText } from "../lib/base/bytes.ts";
import { UsageError } from "../lib/base/errors.ts";
import { connectServices } from "../lib/sign/connect_services.ts";
import { refreshFromRekorV1 } from "../lib/sign/rekor_v1.ts";
import { upgradeBundle } from "../lib/signature/upgrade_bundle.ts";
import { writeOutput } from "./command/blob_flags.ts";
import { readInput } from "./command/files.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly out?: string;
  readonly rekorUrl: string;
}

/** Bring a bundle to the version that cosign 3 reads, as `cosign bundle upgrade` does. */
export const task: Task<Flags> = {
  name: "bundle upgrade",
  summary: "Bring a Sigstore bundle to version 0.3",
  examples: [
    ["bundle upgrade --out app.v03.json app.sigstore.json", "fetch what proofs it lacks"],
  ],
  define(command) {
    command
      .argument("<bundle>", "a bundle of version 0.1 or 0.2; - for standard input")
      .option("--out <file>", "the file to write (default: standard output)")
      .option("--rekor-url <url>", "the log that has proofs", "https://rekor.sigstore.dev");
  },
  async run([file = "", ...more], { out, rekorUrl }, io) {
    if (more.length > 0) throw new UsageError("Cannot upgrade several bundles at once");
    const bytes = await readInput(file, io);
    const { env, clock, signal, log } = io;
    const services = connectServices({ env, clock, signal, log });
    try {
      const { bundle, notes } = await upgradeBundle(
        bytes,
        (entry) => refreshFromRekorV1(services, rekorUrl, entry),
      );
      for (const note of notes) await io.stderr.write(`${note}\n`);
      if (out === undefined) await io.stdout.write(`${decodeText(bundle)}\n`);
      else {
        await writeOutput(out, bundle);
        await io.stderr.write(`Successfully upgraded bundle written to ${out}\n`);
      }
      return 0;
    } finally {
      await services.close();
    }
  },
};

await runIfMain(import.meta.url, task);
