import { Buffer } from "node:buffer";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TargetFile } from "tuf-js";
import { MalformedError, messageOf } from "../base/errors.ts";
import { embeddedRepository } from "./embedded.ts";
import { TrustError } from "./trust_error.ts";

/** Get a file of a mirror. Any status is an answer; what is larger than `maxBytes` is none. */
export type GetFile = (
  url: URL,
  maxBytes: number,
) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

/** Settings of {@link fetchTargets}. */
export interface TufOptions {
  /** Base address of the repository. */
  readonly mirror: string;
  /** The folder of the cache: one folder a mirror in it, as cosign and sigstore-go have it. */
  readonly cache: string;
  /** Root metadata to begin with, instead of what is cached or embedded. */
  readonly root?: Uint8Array | undefined;
  /** Nothing is asked for where it is absent: the cache must do, and must not have expired. */
  readonly get?: GetFile | undefined;
}

const METADATA = /^(?!remote\.json$)[\w.%-]{1,200}\.json$/u;

/** Folders of work that were left behind by a process that was killed. */
const WORK_PREFIX = ".update-";

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Put a file in place as a whole: others read the cache at the same time. */
async function putFile(path: string, bytes: Uint8Array, work: string): Promise<void> {
  const temporary = join(work, "next");
  await writeFile(temporary, bytes);
  await rename(temporary, path);
}

/** Where a mirror's files are in the cache: where cosign and sigstore-go have them (pkg/tuf, URLToPath). */
function folderOf({ mirror, cache }: TufOptions): string {
  if (!URL.canParse(mirror)) {
    throw new TrustError(`Cannot use TUF mirror "${mirror.slice(0, 80)}": it is no address`);
  }
  const { host, pathname } = new URL(mirror);
  const name = `${host}${pathname.replace(/\/+$/u, "")}`.replace(/[/:]/gu, "-").toLowerCase();
  return join(cache, encodeURIComponent(name.replace(/^\.+$/u, "-")));
}

/** The root to begin with, and nothing that another chain of roots vouched for. */
async function prepare(options: TufOptions, folder: string, work: string): Promise<void> {
  const cachedRoot = await readIfThere(join(folder, "root.json"));
  if (options.root !== undefined) {
    await writeFile(join(work, "root.json"), options.root);
    return;
  }
  if (cachedRoot === undefined) {
    const embedded = await embeddedRepository(options.mirror);
    if (embedded === undefined) {
      throw new TrustError(
        `Cannot trust TUF mirror ${options.mirror}: its root is not known; run initialize with ` +
          "--mirror and --root",
      );
    }
    await writeFile(join(work, "root.json"), embedded.root);
    return;
  }
  for (const name of await readdir(folder)) {
    if (METADATA.test(name)) {
      await writeFile(join(work, name), await readFile(join(folder, name)));
    }
  }
}

/**
 * Fetch targets of a TUF repository (theupdateframework specification 1.0, §5), by a chain of trust
 * from a root that is embedded, cached or given. What is cached is verified anew each time. Several
 * processes may do so at once.
 *
 * @param names the targets
 * @returns each target's bytes; without those that the repository does not have
 * @throws {TrustError} if the repository cannot be reached or must not be trusted
 */
export async function fetchTargets(
  options: TufOptions,
  names: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  // tuf-js is loaded only here: it is most of the time that a small task takes to start.
  const { Updater } = await import("tuf-js");
  const { DownloadHTTPError } = await import("tuf-js/dist/error.js");
  const folder = folderOf(options);
  const { mirror, get } = options;
  await mkdir(join(folder, "targets"), { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(folder, WORK_PREFIX));
  const download = async (address: string, maxBytes: number): Promise<Buffer> => {
    if (get === undefined) throw new TrustError("offline, and the cache is missing or has expired");
    const { status, body } = await get(new URL(address), maxBytes);
    if (status === 200) return Buffer.from(body);
    throw new DownloadHTTPError("Failed to download", status);
  };
  const readTarget = async (
    updater: InstanceType<typeof Updater>,
    target: TargetFile,
  ): Promise<Uint8Array> => {
    const cached = join(folder, "targets", encodeURIComponent(target.path));
    const found = await updater.findCachedTarget(target, cached);
    if (found !== undefined) return await readFile(found);
    const bytes = await readFile(await updater.downloadTarget(target, join(work, "target")));
    await putFile(cached, bytes, work);
    return bytes;
  };
  try {
    await prepare(options, folder, work);
    const updater = new Updater({
      metadataDir: work,
      metadataBaseUrl: mirror.replace(/\/+$/u, ""),
      targetBaseUrl: `${mirror.replace(/\/+$/u, "")}/targets`,
      forceCache: get === undefined,
      fetcher: {
        downloadBytes: download,
        async downloadFile(address, maxBytes, handle) {
          const file = join(work, "download");
          await writeFile(file, await download(address, maxBytes));
          return await handle(file);
        },
      },
    });
    await updater.refresh();
    const targets = new Map<string, Uint8Array>();
    for (const name of names) {
      const target = await updater.getTargetInfo(name);
      if (target !== undefined) targets.set(name, await readTarget(updater, target));
    }
    for (const name of await readdir(work)) {
      if (METADATA.test(name)) {
        await putFile(join(folder, name), await readFile(join(work, name)), work);
      }
    }
    return targets;
  } catch (error) {
    if (error instanceof TrustError && error.message.startsWith("Cannot")) throw error;
    throw new TrustError(`Cannot trust TUF mirror ${mirror}: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Tell the target that a caller cannot do without from those that were fetched.
 *
 * @throws {MalformedError}
 */
export function requireTarget(
  targets: ReadonlyMap<string, Uint8Array>,
  name: string,
  mirror: string,
): Uint8Array {
  const target = targets.get(name);
  if (target !== undefined) return target;
  throw new MalformedError(name, `the TUF mirror ${mirror} does not have it`);
}
