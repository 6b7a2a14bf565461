/**
 * How fast keyless bundles are verified, beside @sigstore/verify, on Node and on Deno. See README.md
 * here.
 *
 *     node bench/verify_bundle.ts
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Rates, Slice } from "./bundle_rates.ts";
import { runProcess } from "./run_process.ts";
import { median, pairRatios } from "./statistics.ts";
import { markdownTable } from "./table.ts";

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const bin = (name: string): string => pathOf(`../node_modules/.bin/${name}`);

const SCRIPT = pathOf("bundle_rates.ts");

const RUNTIMES = {
  Node: [bin("node"), SCRIPT],
  Deno: [bin("deno"), "run", "-A", "--no-check", SCRIPT],
} as const;

const LABELS: Readonly<Record<keyof Rates, string>> = {
  oracle: "@sigstore/verify",
  sigfleet: "sigfleet",
  oneAtATime: "sigfleet, one at a time",
  fleet: "sigfleet, one certificate for all",
};

const NAMES = Object.keys(LABELS) as (keyof Rates)[];

async function measure(argv: readonly string[], scratch: string): Promise<Rates> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" };
  const { exitCode, stdout, stderr } = await runProcess({ argv, env }, scratch);
  if (exitCode !== 0) throw new Error(`Cannot measure: ${stderr}`);
  return JSON.parse(stdout) as Rates;
}

const rateOf = ({ rate }: Slice): number => rate;

const cpuOf = ({ cpu }: Slice): number => cpu;

function row(name: keyof Rates, slices: readonly Slice[]): readonly string[] {
  const cpu = median(slices.map(cpuOf));
  return [LABELS[name], median(slices.map(rateOf)).toFixed(0), cpu.toFixed(2)];
}

function ratioLine(name: keyof Rates, rates: Rates): string {
  const ratios = pairRatios(rates[name].map(rateOf), rates.oracle.map(rateOf));
  const [middle, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)]
    .map((ratio) => ratio.toFixed(1));
  const used = median(pairRatios(rates.oracle.map(cpuOf), rates[name].map(cpuOf))).toFixed(1);
  return `- ${
    LABELS[name]
  }: **${middle} times @sigstore/verify** (${least} to ${most}; by processor ` +
    `time ${used})`;
}

const folder = await mkdtemp(join(tmpdir(), "sigfleet-bench-"));
try {
  for (const [runtime, argv] of Object.entries(RUNTIMES)) {
    const rates = await measure(argv, join(folder, "use"));
    const rows = NAMES.map((name) => row(name, rates[name]));
    process.stdout.write([
      `\n${runtime}:\n`,
      markdownTable(["verifier", "bundles/s", "CPU ms a bundle"], rows),
      "",
      ...NAMES.slice(1).map((name) => ratioLine(name, rates)),
      "",
    ].join("\n"));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
