import process from "node:process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command, Finished } from "./run_process.ts";

/** Images at a time, for all but the cosign command. */
const WORKERS = 32;

/** cosign processes at a time: more than the cores, since each waits for the registry too. */
const PROCESSES = 4;

/** The images to verify. */
export interface Fleet {
  /** `registry/repository`, each listed by sigfleet itself. */
  readonly repositories: readonly string[];
  readonly images: number;
  /** A file with all references, one a line. */
  readonly list: string;
  readonly sampled: number;
  /** A file with the first `sampled` of them. */
  readonly sample: string;
}

/** Where things are. */
export interface Setting {
  /** The folder of this repository. */
  readonly root: string;
  /** The folder of the peers' programs. */
  readonly peers: string;
  /** A folder to write to. */
  readonly scratch: string;
  readonly publicKey: string;
}

/** What one run of a contender did. */
export interface Outcome {
  /** Images that were verified, or asked about by the bare client. */
  readonly images: number;
  /** As the contender measures them itself; absent for the cosign command, which does not. */
  readonly insideSeconds?: number;
  /** As the contender counts them itself. */
  readonly requests?: number;
}

/** What bare_client.ts prints. */
export interface BareClientResult {
  readonly images: number;
  readonly requests: number;
  readonly seconds: number;
}

/** What is read of a report of verify-fleet. */
interface Report {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly summary: { readonly verified: number; readonly requests: number };
}

/** Who verifies. */
export interface Contender {
  readonly name: string;
  readonly command: (fleet: Fleet) => Command;
  /** How many images it is given. */
  readonly given: (fleet: Fleet) => number;
  readonly outcome: (finished: Finished, fleet: Fleet) => Promise<Outcome> | Outcome;
}

/** All of them, by what they are called in the ratios. */
export interface Contenders {
  readonly node: Contender;
  readonly deno: Contender;
  readonly verifybulk: Contender;
  readonly cosign: Contender;
  readonly bare: Contender;
}

/** Set up the contenders. */
export function openContenders({ root, peers, scratch, publicKey }: Setting): Contenders {
  // The same empty Docker configuration for all; the rest of the environment is as it was.
  const env: Record<string, string> = { ...process.env as Record<string, string> };
  env["DOCKER_CONFIG"] = scratch;
  const bin = join(root, "node_modules/.bin");
  const script = join(root, "scripts/verify_fleet.ts");
  const report = join(scratch, "report.json");

  const sigfleet = (name: string, runtime: readonly string[]): Contender => ({
    name,
    command: ({ repositories }) => ({
      argv: [
        ...runtime,
        script,
        ...["--key", publicKey, "--max-workers", String(WORKERS), "--output", `json=${report}`],
        ...repositories,
      ],
      env,
    }),
    given: ({ images }) => images,
    async outcome() {
      const { startedAt, finishedAt, summary } = JSON.parse(
        await readFile(report, "utf8"),
      ) as Report;
      return {
        images: summary.verified,
        insideSeconds: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
        requests: summary.requests,
      };
    },
  });

  return {
    node: sigfleet("sigfleet, Node", [join(bin, "node")]),
    deno: sigfleet("sigfleet, Deno", [join(bin, "deno"), "run", "-A"]),
    verifybulk: {
      name: `verifybulk, ${WORKERS} workers`,
      command: ({ list }) => ({
        argv: [join(peers, "verifybulk"), "-key", publicKey, "-workers", String(WORKERS)],
        env,
        stdin: list,
      }),
      given: ({ images }) => images,
      outcome({ stdout }) {
        const { verified, seconds } = JSON.parse(stdout) as { verified: number; seconds: number };
        return { images: verified, insideSeconds: seconds };
      },
    },
    cosign: {
      name: `cosign command, ${PROCESSES} at a time`,
      command: ({ sample }) => ({
        argv: [
          ...["xargs", "-P", String(PROCESSES), "-n", "1"],
          ...[join(peers, "cosign3"), "verify", "--insecure-ignore-tlog", "--key", publicKey],
        ],
        env,
        stdin: sample,
      }),
      given: ({ sampled }) => sampled,
      // xargs answers 0 only if all of them did.
      outcome: ({ exitCode }, { sampled }) => ({ images: exitCode === 0 ? sampled : 0 }),
    },
    bare: {
      name: "bare client, no checks",
      command: ({ list }) => ({
        argv: [join(bin, "node"), join(root, "bench/bare_client.ts")],
        env,
        stdin: list,
      }),
      given: ({ images }) => images,
      outcome({ stdout }) {
        const { images, seconds, requests } = JSON.parse(stdout) as BareClientResult;
        return { images, insideSeconds: seconds, requests };
      },
    },
  };
}
