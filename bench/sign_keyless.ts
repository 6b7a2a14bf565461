/**
 * How many certificates and log requests it takes to sign a repository without a key, beside the cosign
 * command, on real services. See README.md here.
 *
 *     SIGFLEET_SIGSTORE=FOLDER node bench/sign_keyless.ts [--images 1000] [--rate 5] [--rekor 1]
 */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { encodeText } from "../lib/base/bytes.ts";
import { MEDIA_TYPES } from "../lib/registry/manifest.ts";
import { createMemoryRegistry } from "../lib/registry/memory.ts";
import { serveRegistry } from "../lib/registry/serve.ts";
import {
  ALICE,
  ALICE_FLAGS,
  openSigstore,
  type Sigstore,
} from "../test/peers/support/sigstore_folder.ts";
import { type Finished, runProcess } from "./run_process.ts";
import { markdownTable } from "./table.ts";

/** What the services themselves have counted. */
interface Counted {
  readonly certificates: number;
  readonly entries: number;
}

const CT_LOG = "http://127.0.0.1:6962/log";
const REKOR1 = "http://127.0.0.1:3000";

/** Images for the cosign command, which signs one after another. */
const SAMPLE = 20;

/** The size of the tree that a checkpoint is of: its second line (C2SP tlog-checkpoint.md). */
function treeSize(checkpoint: string): number {
  return Number(checkpoint.split("\n")[1]);
}

async function fetchJson(url: string): Promise<Record<string, unknown>> {
  return await (await fetch(url)).json() as Record<string, unknown>;
}

/** Ask the logs how long they are: each certificate and each signature is an entry. */
async function count(sigstore: Sigstore, rekor: 1 | 2): Promise<Counted> {
  const { tree_size: certificates } = await fetchJson(`${CT_LOG}/ct/v1/get-sth`);
  const entries = rekor === 1
    ? Number((await fetchJson(`${REKOR1}/api/v1/log`))["treeSize"])
    : treeSize(await readFile(sigstore.file("tiles/checkpoint"), "utf8"));
  return { certificates: Number(certificates), entries };
}

/** Put images into a registry, each another. */
function fill(registry: ReturnType<typeof createMemoryRegistry>, path: string, images: number) {
  const config = encodeText("{}");
  const digest = registry.putBlob(path, config);
  for (let number = 0; number < images; number++) {
    const bytes = encodeText(JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: { mediaType: MEDIA_TYPES.ociConfig, size: config.length, digest },
      layers: [],
      annotations: { number: String(number) },
    }));
    registry.putManifest(path, bytes, MEDIA_TYPES.ociManifest, `v${number}`);
  }
}

/** Run a contender, and say what it took. */
async function measure(
  name: string,
  images: number,
  { sigstore, rekor, run }: {
    readonly sigstore: Sigstore;
    readonly rekor: 1 | 2;
    readonly run: () => Promise<Finished>;
  },
): Promise<readonly string[]> {
  const before = await count(sigstore, rekor);
  const { exitCode, stderr, wallSeconds, peakMib } = await run();
  if (exitCode !== 0) throw new Error(`${name}: exit ${exitCode}: ${stderr.slice(-2000)}`);
  process.stderr.write(`${name}: ${/^signing services:.*$/mu.exec(stderr)?.[0] ?? "done"}\n`);
  const after = await count(sigstore, rekor);
  return [
    name,
    String(images),
    String(after.certificates - before.certificates),
    String(after.entries - before.entries),
    wallSeconds.toFixed(1),
    peakMib?.toFixed(0) ?? "",
  ];
}

const { values } = parseArgs({
  options: {
    images: { type: "string", default: "1000" },
    rate: { type: "string", default: "5" },
    rekor: { type: "string", default: "1" },
  },
});
const folder = process.env["SIGFLEET_SIGSTORE"];
if (folder === undefined) throw new Error("Cannot measure: SIGFLEET_SIGSTORE names no services");
const sigstore = openSigstore(folder);
const rekor = values.rekor === "2" ? 2 : 1;
const images = Number(values.images);
const scratch = await mkdtemp(join(tmpdir(), "sigfleet-bench-"));
const registry = createMemoryRegistry();
const server = await serveRegistry(registry);
const env = {
  PATH: process.env["PATH"] ?? "",
  HOME: scratch,
  DENO_DIR: process.env["DENO_DIR"] ?? join(homedir(), ".cache", "deno"),
};
const sign = async (): Promise<readonly string[]> => {
  await writeFile(join(scratch, "token"), await sigstore.token(ALICE));
  return [
    "--identity-token",
    join(scratch, "token"),
    "--signing-config",
    sigstore.signingConfig(rekor),
  ];
};
try {
  fill(registry, "all", images);
  fill(registry, "sample", SAMPLE);
  const script = fileURLToPath(new URL("../scripts/sign_tags.ts", import.meta.url));
  const cosign = join(
    process.env["PEERS_DIR"] ?? join(homedir(), ".cache", "sigfleet-peers"),
    "cosign3",
  );
  const sample = Array.from({ length: SAMPLE }, (_, number) => `${server.host}/sample:v${number}`);
  const use = join(scratch, "use");
  const rows = [
    await measure(`sigfleet, ${values.rate} entries/s`, images, {
      sigstore,
      rekor,
      run: async () =>
        runProcess({
          argv: [
            process.execPath,
            script,
            ...await sign(),
            ...["--rekor-rate", values.rate, "--output", `json=${join(scratch, "report.json")}`],
            `${server.host}/all`,
          ],
          env,
        }, use),
    }),
    await measure("cosign command, one call", SAMPLE, {
      sigstore,
      rekor,
      run: async () => {
        const words = ["--trusted-root", sigstore.trustedRoot, "-t", "10m"];
        return runProcess(
          { argv: [cosign, "sign", ...await sign(), ...words, ...sample], env },
          use,
        );
      },
    }),
  ];
  for (const image of [`${server.host}/all:v0`, `${server.host}/all:v${images - 1}`]) {
    const words = ["verify", "--trusted-root", sigstore.trustedRoot, ...ALICE_FLAGS, image];
    const { exitCode, stderr } = await runProcess({ argv: [cosign, ...words], env }, use);
    if (exitCode !== 0) throw new Error(`cosign does not verify ${image}: ${stderr}`);
  }
  process.stdout.write(markdownTable(
    ["contender", "images", "certificates", "log entries", "seconds", "peak MiB"],
    rows,
  ));
} finally {
  await server.close();
  await rm(scratch, { recursive: true, force: true });
}
