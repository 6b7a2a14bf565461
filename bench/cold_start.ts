/**
 * How long it takes to verify one image, beside cosign 3: whole processes, in one run on one registry.
 * See README.md here.
 *
 *     node bench/cold_start.ts [--rounds 40]
 */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parseReference } from "../lib/reference/reference.ts";
import { openRegistries } from "../lib/registry/open_registries.ts";
import { resolveDigest } from "../lib/registry/resolve_digest.ts";
import type { SignatureFormat } from "../lib/signature/signature_format.ts";
import { pushSigned } from "./push_signed.ts";
import type { Command } from "./run_process.ts";
import { servePeer } from "./serve_peer.ts";
import { makeKey, peersFolder, say, wholeNumber } from "./set_up.ts";
import { median, pairRatios } from "./statistics.ts";
import { markdownTable } from "./table.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A signed image, and how it is named. */
interface Case {
  /** "legacy, by tag". */
  readonly name: string;
  readonly image: string;
}

/** Who verifies, or only starts. */
interface Contender {
  readonly name: string;
  /** The words before the name of the image; a start alone has none after it. */
  readonly argv: readonly string[];
  readonly verifies: boolean;
}

/** What one process took, in milliseconds. */
interface Taken {
  readonly wall: number;
  /** Of the processor, for all threads. */
  readonly cpu: number;
}

/** Every round of a contender with a case. */
type Rounds = ReadonlyMap<string, Taken[]>;

const COSIGN = "cosign 3";

/** Whose start is compared with cosign's. */
const COMPARED = ["sigfleet, Node", "sigfleet, Deno"];

/** Push one image a format, signed, and name each by tag and by digest. */
async function makeCases(registry: string, publicKey: string): Promise<readonly Case[]> {
  const key = makeKey();
  await writeFile(publicKey, key.publicKey.pem);
  const remote = openRegistries({ env: {}, credentials: () => Promise.resolve(undefined) });
  const cases: Case[] = [];
  try {
    for (const format of ["legacy", "bundle"] satisfies SignatureFormat[]) {
      const name = `${registry}/bench/${format}`;
      const [byTag = ""] = await pushSigned(remote, name, 1, key, format);
      const { repository, tag = "" } = parseReference(byTag);
      const found = await resolveDigest(remote, repository, tag);
      cases.push({ name: `${format}, by tag`, image: byTag });
      cases.push({ name: `${format}, by digest`, image: `${name}@${found!.digest}` });
    }
  } finally {
    await remote.close();
  }
  return cases;
}

/** Install the package as its users do, and give the folder. */
async function installPackage(scratch: string): Promise<string> {
  const app = join(scratch, "app");
  await mkdir(app);
  const npm = (cwd: string, ...words: readonly string[]): string =>
    execFileSync("npm", words, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const packed = npm(ROOT, "pack", "--silent", "--pack-destination", scratch).trim().split("\n");
  npm(app, "init", "--yes");
  npm(app, "install", "--no-audit", "--no-fund", join(scratch, packed.at(-1)!));
  return app;
}

function listContenders(app: string, peers: string, publicKey: string): readonly Contender[] {
  const bin = join(ROOT, "node_modules/.bin");
  const node = join(bin, "node");
  const deno = join(bin, "deno");
  const verify = ["verify", "--key", publicKey];
  const launcher = join(app, "node_modules/sigfleet/dist/bin/sigfleet.cjs");
  const sources = join(ROOT, "scripts/sigfleet.ts");
  const verifies = true;
  return [
    {
      name: COSIGN,
      argv: [join(peers, "cosign3"), ...verify, "--insecure-ignore-tlog"],
      verifies,
    },
    // As it is installed: the command that the shell finds.
    {
      name: "sigfleet, Node",
      argv: [join(app, "node_modules/.bin/sigfleet"), ...verify],
      verifies,
    },
    {
      name: "sigfleet, Deno",
      argv: [deno, "run", "-A", "--node-modules-dir=manual", launcher, ...verify],
      verifies,
    },
    { name: "its sources, Node", argv: [node, sources, ...verify], verifies },
    {
      name: "its sources, Deno",
      argv: [deno, "run", "-A", "--no-check", sources, ...verify],
      verifies,
    },
    { name: "node -e 0", argv: [node, "-e", "0"], verifies: false },
    { name: "deno eval 0", argv: [deno, "eval", "0"], verifies: false },
  ];
}

/** Bash tells both times of its children to the millisecond, and to its own standard error. */
const TIMED = 'exec 3>&2; TIMEFORMAT="%R %U %S"; { time "$@" >/dev/null 2>&3; } 2>&1';

/** Run a program to its end, and tell what it took. */
function timeProcess({ argv, env }: Command): Taken {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", TIMED, "bash", ...argv], {
    env: { ...env, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });
  const [wall, user, system] = stdout.trim().split(" ").map((seconds) => 1000 * Number(seconds));
  if (status === 0) return { wall: wall!, cpu: user! + system! };
  throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr.slice(0, 2000)}`);
}

/** What a contender is timed with: a start alone has no image. */
function casesOf({ verifies }: Contender, cases: readonly Case[]): readonly Partial<Case>[] {
  return verifies ? cases : [{}];
}

/** Run everything once a round, each round beginning with another contender. */
function runRounds(
  contenders: readonly Contender[],
  cases: readonly Case[],
  { rounds, env }: { readonly rounds: number; readonly env: Readonly<Record<string, string>> },
): Rounds {
  const taken = new Map<string, Taken[]>();
  // What is compiled once and kept is there after the first round, which does not count.
  for (let round = -1; round < rounds; round++) {
    const turn = Math.max(0, round) % contenders.length;
    for (const contender of [...contenders.slice(turn), ...contenders.slice(0, turn)]) {
      for (const { name = "", image } of casesOf(contender, cases)) {
        const argv = image === undefined ? contender.argv : [...contender.argv, image];
        const one = timeProcess({ argv, env });
        const key = `${contender.name}: ${name}`;
        if (round < 0) taken.set(key, []);
        else taken.get(key)!.push(one);
      }
    }
    if (round >= 0 && round % 10 === 9) say(`${round + 1} of ${rounds} rounds`);
  }
  return taken;
}

function showTable(
  contenders: readonly Contender[],
  cases: readonly Case[],
  taken: Rounds,
): string {
  const middle = (rounds: readonly Taken[], figure: keyof Taken): string =>
    median(rounds.map((round) => round[figure])).toFixed(0);
  const rows = contenders.map((contender) => {
    const cells = casesOf(contender, cases).map(({ name = "" }) => {
      const rounds = taken.get(`${contender.name}: ${name}`)!;
      return `${middle(rounds, "wall")} (${middle(rounds, "cpu")})`;
    });
    return [contender.name, ...cases.map((_, index) => cells[index] ?? "")];
  });
  return markdownTable(["ms, wall (CPU)", ...cases.map(({ name }) => name)], rows);
}

/** How a contender compares with cosign, round by round: with each case, and with all of them. */
function showRatios(name: string, cases: readonly Case[], taken: Rounds): string {
  const series = (who: string, figure: keyof Taken): readonly (readonly number[])[] =>
    cases.map((one) => taken.get(`${who}: ${one.name}`)!.map((round) => round[figure]));
  const sums = (all: readonly (readonly number[])[]): readonly number[] =>
    all[0]!.map((_, round) => all.reduce((sum, one) => sum + one[round]!, 0));
  const show = (left: readonly number[], right: readonly number[]): string => {
    const ratios = pairRatios(left, right);
    const range = `${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)}`;
    return `**${median(ratios).toFixed(1)} times ${COSIGN}** (${range}`;
  };
  const [own, cosign] = [series(name, "wall"), series(COSIGN, "wall")];
  const cpu = median(pairRatios(sums(series(name, "cpu")), sums(series(COSIGN, "cpu"))));
  return [
    `- ${name}: ${show(sums(own), sums(cosign))}; CPU ${cpu.toFixed(1)} times)`,
    ...cases.map((one, index) => `  - ${one.name}: ${show(own[index]!, cosign[index]!)})`),
  ].join("\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "40" } } });
  const rounds = wholeNumber(values.rounds);
  const peers = peersFolder(["refregistry", "cosign3"]);
  const scratch = await mkdtemp(join(tmpdir(), "sigfleet-bench-"));
  const registry = await servePeer(join(peers, "refregistry"));
  try {
    const publicKey = join(scratch, "bench.pub");
    const cases = await makeCases(registry.host, publicKey);
    say("installing the package …");
    const contenders = listContenders(await installPackage(scratch), peers, publicKey);
    const env = {
      ...process.env as Record<string, string>,
      // The package's command finds its runtime as any does.
      PATH: join(ROOT, "node_modules/.bin") + delimiter + process.env["PATH"],
      DOCKER_CONFIG: scratch,
      XDG_CACHE_HOME: join(scratch, "cache"),
    };
    const taken = runRounds(contenders, cases, { rounds, env });
    console.log(showTable(contenders, cases, taken));
    console.log(`\nMedians of ${rounds} rounds. Ratios, each within its round:\n`);
    for (const name of COMPARED) console.log(showRatios(name, cases, taken));
  } finally {
    await registry.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

await main();
