#!/usr/bin/env node
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, UsageError } from "../lib/base/errors.ts";
import { embeddedRepository, PUBLIC_MIRROR } from "../lib/trust/embedded.ts";
import { requireTarget } from "../lib/trust/tuf.ts";
import type { Io } from "./command/io.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { cacheFolder, fetchOnline, TARGETS } from "./command/tuf.ts";

interface Flags {
  readonly mirror: string;
  readonly root?: string;
  readonly rootChecksum?: string;
  readonly staging?: boolean;
}

const STAGING_MIRROR = "https://tuf-repo-cdn.sigstage.dev";

/** Root metadata is some kilobytes. */
const MAX_ROOT_BYTES = 512_000;

function checkSum(root: Uint8Array, checksum: string): void {
  const match = /^(?:sha256:([0-9a-f]{64})|sha512:([0-9a-f]{128})|([0-9a-f]{64}))$/iu.exec(
    checksum,
  );
  if (match === null) {
    throw new UsageError("Cannot use --root-checksum: want SHA-256, or sha512: and SHA-512");
  }
  const [, sha256, sha512, plain] = match;
  const found = createHash(sha512 === undefined ? "sha256" : "sha512").update(root).digest("hex");
  if (found !== (sha256 ?? sha512 ?? plain)!.toLowerCase()) {
    throw new UsageError(`Cannot use --root: its checksum is ${found}`);
  }
}

/** The root that trust begins with: a file's or a URL's, or the one that is embedded. */
async function readRoot(mirror: string, flags: Flags, io: Io): Promise<Uint8Array> {
  const { root, rootChecksum } = flags;
  if (root === undefined) {
    const embedded = await embeddedRepository(mirror);
    if (embedded !== undefined) return embedded.root;
    throw new UsageError(`Cannot trust ${mirror} without its root: name it with --root`);
  }
  let bytes: Uint8Array;
  if (/^https?:\/\//iu.test(root)) {
    if (rootChecksum === undefined) {
      throw new UsageError("Cannot trust a root from the web without --root-checksum");
    }
    const { fetchFile } = await import("./command/fetch_file.ts");
    bytes = await fetchFile(root, { what: "TUF root", maxBytes: MAX_ROOT_BYTES }, io);
  } else {
    try {
      bytes = await readFile(root);
    } catch (error) {
      throw new UsageError(`Cannot read ${root}: ${messageOf(error)}`, { cause: error });
    }
  }
  if (rootChecksum !== undefined) checkSum(bytes, rootChecksum);
  return bytes;
}

/** Fetch what to trust from a TUF repository, as `cosign initialize` does. */
export const task: Task<Flags> = {
  name: "initialize",
  summary: "Fetch from a TUF repository whom to trust, and keep it for later",
  examples: [
    ["initialize", "the public repository, from the root that came with this program"],
    [
      "initialize --mirror https://tuf.example --root root.json",
      "a repository of your own; later runs use it until another is initialized",
    ],
    ["initialize --mirror file:///srv/tuf --root root.json", "a copy of it, without network"],
  ],
  define(command) {
    command
      .option("--mirror <url>", "the repository: http(s):// or file:///", PUBLIC_MIRROR)
      .option("--root <file>", "root metadata to begin with; a URL wants a checksum as well")
      .option("--root-checksum <hash>", "its SHA-256, or sha512: and its SHA-512")
      .option("--staging", "Sigstore's staging repository; wants --root");
  },
  async run(_args, flags, io) {
    const mirror = flags.staging === true ? STAGING_MIRROR : flags.mirror;
    if (!/^(?:https?|file):\/\//iu.test(mirror)) {
      throw new UsageError(`Cannot use mirror "${mirror.slice(0, 80)}": want http(s) or file:///`);
    }
    const cache = cacheFolder(io);
    const root = await readRoot(mirror, flags, io);
    const { trustedRoot, signingConfig } = TARGETS;
    const targets = await fetchOnline({ mirror, cache, root }, [trustedRoot, signingConfig], io);
    requireTarget(targets, trustedRoot, mirror);
    if (!targets.has(signingConfig)) {
      await io.stderr.write(
        `WARNING: the mirror has no ${signingConfig}: name the services to sign with\n`,
      );
    }
    await mkdir(cache, { recursive: true, mode: 0o700 });
    await writeFile(join(cache, "remote.json"), JSON.stringify({ mirror }), { mode: 0o600 });
    await io.stderr.write(`Initialized from ${mirror} in ${cache}\n`);
    return 0;
  },
};

await runIfMain(import.meta.url, task);
