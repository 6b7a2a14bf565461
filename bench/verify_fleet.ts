/**
 * How fast a fleet is verified, beside cosign's own library, the cosign command and the bare HTTP
 * client, in one run on one registry. See README.md here.
 *
 *     node bench/verify_fleet.ts [--images 2000] [--repositories 1] [--rounds 5] [--sample 80]
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { PrivateKey } from "../lib/keys/private_key.ts";
import { openRegistries } from "../lib/registry/open_registries.ts";
import { type Contender, type Contenders, type Fleet, openContenders } from "./contenders.ts";
import { countRequests } from "./counting_proxy.ts";
import { pushSigned } from "./push_signed.ts";
import { type ProcessUse, runProcess } from "./run_process.ts";
import { servePeer } from "./serve_peer.ts";
import { makeKey, peersFolder, say, wholeNumber } from "./set_up.ts";
import { median, pairRatios } from "./statistics.ts";
import { markdownTable } from "./table.ts";

type ContenderId = keyof Contenders;

/** One run, as measured. */
interface Run extends ProcessUse {
  readonly images: number;
  /** Images a second, by the contender's own clock. */
  readonly insideRate: number | undefined;
  /** Images a second of the whole process, its start included. */
  readonly wholeRate: number;
  readonly requests: number | undefined;
}

const IDS: readonly ContenderId[] = ["node", "deno", "verifybulk", "cosign", "bare"];

/** Which ratios are shown: of what happens inside, except where the other is a command a time. */
const RATIOS: readonly {
  readonly left: ContenderId;
  readonly right: ContenderId;
  readonly rate: "insideRate" | "wholeRate";
  readonly unit: string;
}[] = [
  { left: "node", right: "verifybulk", rate: "insideRate", unit: "times verifybulk" },
  { left: "node", right: "cosign", rate: "wholeRate", unit: "times the cosign command" },
  { left: "node", right: "bare", rate: "insideRate", unit: "of the bare client" },
  { left: "deno", right: "verifybulk", rate: "insideRate", unit: "times verifybulk" },
  { left: "deno", right: "cosign", rate: "wholeRate", unit: "times the cosign command" },
];

function readFlags(): { images: number; repositories: number; rounds: number; sample: number } {
  const { values } = parseArgs({
    options: {
      images: { type: "string", default: "2000" },
      repositories: { type: "string", default: "1" },
      rounds: { type: "string", default: "5" },
      sample: { type: "string", default: "80" },
    },
  });
  const images = wholeNumber(values.images);
  return {
    images,
    repositories: wholeNumber(values.repositories),
    rounds: wholeNumber(values.rounds),
    sample: Math.min(wholeNumber(values.sample), images),
  };
}

/** Push and sign a fleet, and write down its references. */
async function makeFleet(
  repositories: readonly string[],
  { images, sample, key, file }: { images: number; sample: number; key: PrivateKey; file: string },
): Promise<Fleet> {
  const remote = openRegistries({ env: {}, credentials: () => Promise.resolve(undefined) });
  try {
    const references: string[] = [];
    for (const [index, name] of repositories.entries()) {
      const share = Math.floor((images + index) / repositories.length);
      references.push(...await pushSigned(remote, name, share, key));
    }
    await writeFile(file, `${references.join("\n")}\n`);
    await writeFile(`${file}.sample`, `${references.slice(0, sample).join("\n")}\n`);
    return { repositories, images, list: file, sampled: sample, sample: `${file}.sample` };
  } finally {
    await remote.close();
  }
}

/** Run a contender once. One that did not verify everything has no speed. */
async function runOnce(contender: Contender, fleet: Fleet, scratch: string): Promise<Run> {
  const given = contender.given(fleet);
  const finished = await runProcess(contender.command(fleet), join(scratch, "time"));
  const failed = (why: string): Error =>
    new Error(`${contender.name} ${why}: ${finished.stderr.slice(0, 2000)}`);
  if (finished.exitCode !== 0) throw failed(`ended with ${finished.exitCode}`);
  const { images, insideSeconds, requests } = await contender.outcome(finished, fleet);
  if (images !== given) throw failed(`verified ${images} of ${given} images`);
  return {
    images,
    insideRate: insideSeconds === undefined ? undefined : images / insideSeconds,
    wholeRate: images / finished.wallSeconds,
    requests,
    peakMib: finished.peakMib,
    cpuSeconds: finished.cpuSeconds,
  };
}

/** Count everybody's requests through a proxy, apart from the timing; it also warms their caches. */
async function countAll(
  contenders: Contenders,
  registry: string,
  options: { readonly sample: number; readonly key: PrivateKey; readonly scratch: string },
): Promise<ReadonlyMap<ContenderId, number>> {
  const { sample, scratch } = options;
  const proxy = await countRequests(registry);
  try {
    // Signed under the proxy's name, so that it is the name in the signatures.
    const fleet = await makeFleet([`${proxy.host}/bench/counted`], {
      ...options,
      images: sample,
      file: join(scratch, "counted"),
    });
    const counts = new Map<ContenderId, number>();
    for (const id of IDS) {
      proxy.take();
      const { images, requests } = await runOnce(contenders[id], fleet, scratch);
      const seen = proxy.take();
      counts.set(id, seen / images);
      if (requests !== undefined && requests !== seen) {
        say(`! ${contenders[id].name} says ${requests} requests, and the proxy saw ${seen}`);
      }
    }
    return counts;
  } finally {
    await proxy.close();
  }
}

function show(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits);
}

/** The median of one figure over the rounds, if the contender has it. */
function medianOf(runs: readonly Run[], figure: keyof Run): string {
  const values = runs.map((run) => run[figure]).filter((value) => value !== undefined);
  return show(values.length === 0 ? undefined : median(values), 0);
}

function showTable(
  contenders: Contenders,
  runs: Readonly<Record<ContenderId, readonly Run[]>>,
  proxied: ReadonlyMap<ContenderId, number>,
): string {
  const titles = [
    "contender",
    "images",
    "images/s, inside",
    "images/s, whole process",
    "requests an image",
    "CPU ms an image",
    "peak MiB",
  ];
  return markdownTable(
    titles,
    IDS.map((id) => {
      const own = runs[id];
      const { images, requests } = own[0]!;
      const cpuPerImage = own.map(({ cpuSeconds = NaN }) => 1000 * cpuSeconds / images);
      return [
        contenders[id].name,
        String(images),
        medianOf(own, "insideRate"),
        medianOf(own, "wholeRate"),
        show(requests === undefined ? proxied.get(id) : requests / images, 3),
        show(median(cpuPerImage), 2),
        medianOf(own, "peakMib"),
      ];
    }),
  );
}

function showRatios(runs: Readonly<Record<ContenderId, readonly Run[]>>): string {
  return RATIOS.map(({ left, right, rate, unit }) => {
    const rates = (id: ContenderId): readonly number[] => runs[id].map((run) => run[rate]!);
    const ratios = pairRatios(rates(left), rates(right));
    const middle = median(ratios);
    const digits = middle < 10 ? 2 : 0;
    const range = `${show(Math.min(...ratios), digits)} to ${show(Math.max(...ratios), digits)}`;
    const kind = rate === "insideRate" ? "inside" : "whole process";
    return `- ${left}: **${show(middle, digits)} ${unit}** (${range}; ${kind})`;
  }).join("\n");
}

/** Run every contender once a round, each round beginning with another. */
async function runRounds(
  contenders: Contenders,
  fleet: Fleet,
  { rounds, scratch }: { readonly rounds: number; readonly scratch: string },
): Promise<Record<ContenderId, Run[]>> {
  const runs: Record<ContenderId, Run[]> = {
    node: [],
    deno: [],
    verifybulk: [],
    cosign: [],
    bare: [],
  };
  for (let round = 0; round < rounds; round++) {
    const turn = round % IDS.length;
    for (const id of [...IDS.slice(turn), ...IDS.slice(0, turn)]) {
      const run = await runOnce(contenders[id], fleet, scratch);
      runs[id].push(run);
      say(
        `round ${round + 1} of ${rounds}: ${contenders[id].name}: ` +
          `${show(run.insideRate ?? run.wholeRate, 0)} images/s`,
      );
    }
  }
  return runs;
}

async function main(): Promise<void> {
  const flags = readFlags();
  const peers = peersFolder(["refregistry", "verifybulk", "cosign3"]);
  const scratch = await mkdtemp(join(tmpdir(), "sigfleet-bench-"));
  const registry = await servePeer(join(peers, "refregistry"));
  try {
    const key = makeKey();
    const publicKey = join(scratch, "bench.pub");
    await writeFile(publicKey, key.publicKey.pem);
    const root = fileURLToPath(new URL("..", import.meta.url));
    const contenders = openContenders({ root, peers, scratch, publicKey });
    say("counting requests …");
    const counts = await countAll(contenders, registry.host, { ...flags, key, scratch });
    say(`signing ${flags.images} images …`);
    const names = Array.from(
      { length: flags.repositories },
      (_, index) => `${registry.host}/bench/fleet-${index + 1}`,
    );
    const fleet = await makeFleet(names, { ...flags, key, file: join(scratch, "references") });
    const runs = await runRounds(contenders, fleet, { ...flags, scratch });
    console.log(showTable(contenders, runs, counts));
    console.log(`\nMedians of ${flags.rounds} rounds. Ratios, each within its round:\n`);
    console.log(showRatios(runs));
  } finally {
    await registry.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

await main();
