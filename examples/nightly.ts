/**
 * Every night: verify what runs in the cluster, keep the report, and fail where something is wrong.
 *
 *   node examples/nightly.ts cosign.pub reports/
 *
 * In a project of your own, import from "sigfleet".
 */

import { createWriteStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { $ } from "zx";
import {
  countVerdict,
  exitCode,
  noVerdicts,
  openRegistries,
  openReport,
  parsePublicKey,
  parseTargetLine,
  verifyFleet,
  VERSION,
} from "../mod.ts";

const [keyFile = "cosign.pub", folder = "reports"] = process.argv.slice(2);

const listed =
  await $`kubectl get pods --all-namespaces --output ${"jsonpath={.items[*].spec.containers[*].image}"}`;
const images = new Set(listed.stdout.split(/\s+/u));
const targets = [...images].map(parseTargetLine).filter((target) => target !== undefined);

const key = parsePublicKey(await readFile(keyFile, "utf8"), keyFile);
const startedAt = new Date();
await mkdir(folder, { recursive: true });
const file = createWriteStream(join(folder, `${startedAt.toISOString().slice(0, 10)}.json`));
const report = openReport("json", {
  tool: { name: "nightly", version: VERSION, runtime: `node ${process.versions.node}` },
  startedAt,
}, { write: (text) => void file.write(text) });

const remote = openRegistries({ env: process.env });
const counts = noVerdicts();
const policy = { keys: [{ name: keyFile, key }], annotations: {} };
for await (const result of verifyFleet(remote, targets, { policy, limit: 32 })) {
  countVerdict(counts, result.verdict.kind);
  await report.add(result);
  const why = result.verdict.reasons.map(({ message }) => message).join("; ");
  if (result.verdict.kind !== "verified") {
    console.log(`${result.verdict.kind}  ${result.image}  ${why}`);
  }
}
await remote.close();

const summary = { ...counts, ...remote.counters };
await report.close({ finishedAt: new Date(), summary });
file.end();
console.log(`${summary.verified} of ${summary.images} images are verified`);
process.exitCode = exitCode(summary);
