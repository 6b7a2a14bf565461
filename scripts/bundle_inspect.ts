#!/usr/bin/env node
import { UsageError } from "../lib/base/errors.ts";
import { MAX_ATTACHMENT_BYTES } from "../lib/base/limits.ts";
import { safeText } from "../lib/report/safe_text.ts";
import { inspectBundle } from "../lib/signature/inspect_bundle.ts";
import { readSmallFile } from "./command/files.ts";
import { runIfMain, type Task } from "./command/task.ts";

/** Show what is in a Sigstore bundle. */
export const task: Task = {
  name: "bundle inspect",
  summary: "Show what is in a Sigstore bundle; nothing is verified",
  examples: [["bundle inspect app.sigstore.json", "the key, the signature, the log's entries"]],
  define(command) {
    command.argument("<bundle>", "a bundle's file; - for standard input");
  },
  async run([file = "", ...more], _flags, io) {
    if (more.length > 0) throw new UsageError("Cannot inspect several bundles at once");
    const bytes = await readSmallFile(file, MAX_ATTACHMENT_BYTES, io);
    if (bytes === undefined) throw new UsageError(`Cannot read ${file}: no such file`);
    const lines = inspectBundle(bytes).map((line) => `${safeText(line)}\n`);
    await io.stderr.write(
      "WARNING: This command only inspects the contents of the bundle.\n" +
        "It does not perform cryptographic verification or verify log inclusion.\n\n",
    );
    await io.stdout.write(lines.join(""));
    return 0;
  },
};

await runIfMain(import.meta.url, task);
