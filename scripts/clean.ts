#!/usr/bin/env node
import { messageOf, UsageError } from "../lib/base/errors.ts";
import { pooled } from "../lib/base/pool.ts";
import type { Digest } from "../lib/reference/digest.ts";
import {
  formatReference,
  formatRepository,
  parseReference,
  type Repository,
} from "../lib/reference/reference.ts";
import { listChildren } from "../lib/registry/list_children.ts";
import type { Remote } from "../lib/registry/remote.ts";
import { safeText } from "../lib/report/safe_text.ts";
import { planRemovals } from "../lib/signature/plan_removals.ts";
import { REMOVAL_TYPES, type RemovalChoice, type RemovalType } from "../lib/signature/removal.ts";
import { nameRemovals, removeAttachments } from "../lib/signature/remove_attachments.ts";
import { signatureRepository, type StoreOptions } from "../lib/signature/store.ts";
import { parseAge } from "./command/age.ts";
import { askToContinue } from "./command/ask_to_continue.ts";
import { findImage } from "./command/image.ts";
import type { Io } from "./command/io.ts";
import { readPublicKey } from "./command/keys.ts";
import {
  defineRegistryOptions,
  defineWorkerOption,
  type RegistryFlags,
  storeOptions,
  withRegistries,
  type WorkerFlags,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends RegistryFlags, WorkerFlags {
  readonly type: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly key?: string;
  readonly olderThan?: number;
  readonly recursive?: boolean;
}

/** One digest to clean. */
interface Target {
  readonly name: string;
  readonly repository: Repository;
  readonly digest: Digest;
}

/** Why the images that a name stands for cannot be told. */
interface Unclear {
  readonly error: unknown;
}

/** What cosign says before it asks. */
const WARNINGS: Readonly<Record<RemovalType, string>> = {
  all: "this will remove all signatures, SBOMs and attestations from the image",
  signature: "this will remove all signatures from the image",
  attestation: "this will remove all attestations from the image",
  referrer: "this will remove all referrer attestations and/or signatures from the image",
  sbom: "this will remove all SBOMs from the image",
};

function parseType(text: string): RemovalType {
  const known = REMOVAL_TYPES.find((type) => type === text);
  if (known !== undefined) return known;
  throw new UsageError(`Cannot clean "${text}": want one of ${REMOVAL_TYPES.join(", ")}`);
}

async function parseChoice(
  { type: text, key: file, olderThan, attachmentTagPrefix }: Flags,
  io: Io,
): Promise<RemovalChoice> {
  const type = parseType(text);
  if (type === "sbom" && file !== undefined) {
    throw new UsageError("Cannot clean SBOMs by key: attached so they are signed by nobody");
  }
  return {
    type,
    key: file === undefined ? undefined : (await readPublicKey(file, io)).key,
    before: olderThan === undefined ? undefined : io.clock.now() - olderThan,
    tagPrefix: attachmentTagPrefix,
  };
}

/** The digests that names stand for, with the images of indexes if told, each once. */
async function* listTargets(
  remote: Remote,
  names: readonly string[],
  recursive: boolean,
): AsyncGenerator<Target | Unclear, void, undefined> {
  const seen = new Set<string>();
  for (const name of names) {
    const reference = parseReference(name);
    const { repository } = reference;
    try {
      // An image that is gone may have left signatures behind: its digest is believed.
      const digest = reference.digest ?? (await findImage(remote, reference, "clean")).digest;
      const children = recursive ? await listChildren(remote, repository, digest) : [];
      const targets = [
        { name, repository, digest },
        ...children.map(({ digest }) => ({
          name: formatReference({ repository, digest }),
          repository,
          digest,
        })),
      ];
      for (const target of targets) {
        const id = `${formatRepository(repository)}@${target.digest}`;
        if (seen.has(id)) continue;
        seen.add(id);
        yield target;
      }
    } catch (error) {
      yield { error };
    }
  }
}

/** How images are cleaned, and where it is told. */
interface Work {
  readonly remote: Remote;
  readonly choice: RemovalChoice;
  /** Where attachments are kept. */
  readonly store: StoreOptions;
  readonly dryRun: boolean;
  readonly io: Io;
}

/** What became of one image: the exit code, and what goes to standard output. */
interface Outcome {
  readonly code: number;
  readonly text: string;
}

async function say(text: string, { stderr }: Io): Promise<void> {
  await stderr.write(`${safeText(text)}\n`);
}

/** Clean one image, and tell what happens as it happens: whoever stops it must know what is gone. */
async function cleanImage(
  { remote, choice, store, dryRun, io }: Work,
  { name: image, repository: home, digest }: Target,
): Promise<Outcome> {
  const repository = signatureRepository(home, store);
  const place = { remote, repository };
  const plan = await planRemovals(place, digest, choice);
  for (const { reference, why } of plan.kept) await say(`Kept ${reference}: ${why}`, io);
  const planned = nameRemovals(repository, plan);
  if (planned.length === 0) await say(`Nothing to remove from ${image}`, io);
  if (dryRun) {
    return {
      code: 0,
      text: planned.map((name) => `Would remove ${name} from ${image}\n`).join(""),
    };
  }
  let code = 0;
  const effects = { clock: io.clock, random: Math.random };
  for await (const { name, error } of removeAttachments(place, plan, effects)) {
    if (error !== undefined) code = 1;
    await say(
      error === undefined
        ? `Removed ${name} from ${image}`
        : `Error: could not delete ${name} from ${image}: ${error.message}`,
      io,
    );
  }
  return { code, text: "" };
}

/** Clean one image; what goes wrong is told, and is no reason not to clean the others. */
async function tryToClean(work: Work, target: Target | Unclear): Promise<Outcome> {
  const { io } = work;
  try {
    if ("error" in target) throw target.error;
    return await cleanImage(work, target);
  } catch (error) {
    if (io.signal.aborted) throw error;
    const image = "error" in target ? "" : `${target.name}: `;
    await say(`Error: ${image}${messageOf(error)}`, io);
    return { code: 1, text: "" };
  }
}

/** Remove what belongs to images. */
export const task: Task<Flags> = {
  name: "clean",
  summary: "Remove signatures, attestations and SBOMs from images",
  examples: [
    ["clean registry.example/app:1.0", "everything, after a question"],
    ["clean --dry-run registry.example/app:1.0", "say what would go"],
    ["clean -f --key old.pub registry.example/app:1.0", "what a key has made that was replaced"],
    [
      "clean -f --type attestation --older-than 30d -r registry.example/app:1.0",
      "old attestations of an index and of its images",
    ],
  ],
  ownFlags: ["dry-run", "key", "max-workers", "older-than", "recursive"],
  define(command) {
    command
      .argument("<image...>", "tags or digests of images")
      .option("--type <type>", "all, signature, attestation, referrer or sbom", "all")
      .option("-f, --force", "do not ask")
      .option("--dry-run", "remove nothing, and say what would be removed")
      .option("--key <key>", "only what this public key verifies: file, https://, env://, k8s://")
      .option("--older-than <age>", "only what says that it is older: 12h, 30d, 8w", parseAge)
      .option("-r, --recursive", "of an index, from the images in it as well");
    defineRegistryOptions(command);
    defineWorkerOption(command, 10);
  },
  async run(names, flags, io) {
    const choice = await parseChoice(flags, io);
    names.forEach(parseReference);
    if (flags.force !== true && flags.dryRun !== true) {
      await askToContinue(WARNINGS[choice.type], io);
    }
    const { maxWorkers: limit, recursive = false, dryRun = false } = flags;
    return await withRegistries(flags, io, limit, async (remote) => {
      const store = storeOptions(flags, io.env);
      const work: Work = { remote, choice, store, dryRun, io };
      const targets = listTargets(remote, names, recursive);
      let worst = 0;
      const outcomes = pooled(targets, (target) => tryToClean(work, target), { limit });
      for await (const { code, text } of outcomes) {
        worst = Math.max(worst, code);
        await io.stdout.write(text);
      }
      return worst;
    });
  },
};

await runIfMain(import.meta.url, task);
