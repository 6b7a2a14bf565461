import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeText } from "../../lib/base/bytes.ts";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import { connectServices } from "../../lib/sign/connect_services.ts";
import { parseSigningConfig, type SigningConfig } from "../../lib/sign/signing_config.ts";
import { embeddedRepository, PUBLIC_MIRROR } from "../../lib/trust/embedded.ts";
import { fetchTargets, type GetFile, requireTarget, type TufOptions } from "../../lib/trust/tuf.ts";
import type { Io } from "./io.ts";

/** The targets that Sigstore's clients read, by the names in its repositories. */
export const TARGETS = {
  trustedRoot: "trusted_root.json",
  signingConfig: "signing_config.v0.2.json",
  signingConfigRekorV2: "signing_config_rekor_v2.v0.2.json",
} as const;

const DEADLINE = 30_000;

/** Where cosign keeps it (TUF_ROOT). */
export function cacheFolder({ env }: Io): string {
  return env["TUF_ROOT"] || join(env["HOME"] || homedir(), ".sigstore", "root");
}

/** The mirror that `initialize` left a note of. */
async function notedMirror(cache: string): Promise<string | undefined> {
  try {
    const { mirror } = JSON.parse(await readFile(join(cache, "remote.json"), "utf8")) as {
      mirror?: unknown;
    };
    return typeof mirror === "string" ? mirror : undefined;
  } catch {
    return undefined;
  }
}

/** The repository that the environment, `initialize` or nobody names. */
async function repositoryOf(io: Io): Promise<TufOptions> {
  const cache = cacheFolder(io);
  const mirror = io.env["TUF_MIRROR"] || await notedMirror(cache) || PUBLIC_MIRROR;
  const rootFile = io.env["TUF_ROOT_JSON"];
  if (rootFile === undefined || rootFile === "") return { mirror, cache };
  try {
    return { mirror, cache, root: await readFile(rootFile) };
  } catch (error) {
    throw new UsageError(`Cannot read TUF_ROOT_JSON ${rootFile}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function readLocal(url: URL): ReturnType<GetFile> {
  try {
    return { status: 200, body: await readFile(fileURLToPath(url)) };
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    return { status: 404, body: encodeText("") };
  }
}

/** Fetch targets over the network, or from a mirror in a folder (`file:///…`). */
export async function fetchOnline(
  options: TufOptions,
  names: readonly string[],
  { env, clock, signal, log }: Io,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const services = connectServices({ env, clock, signal, log });
  const get: GetFile = async (url, maxBytes) => {
    if (url.protocol === "file:") return await readLocal(url);
    return await services.request({
      purpose: "read the TUF repository",
      method: "GET",
      url,
      maxBytes,
      deadline: DEADLINE,
      expect: [200, 403, 404],
    });
  };
  try {
    return await fetchTargets({ ...options, get }, names);
  } finally {
    await services.close();
  }
}

/**
 * Read a target of the TUF repository.
 *
 * @param offline open no socket: the cache must do, or else what is embedded
 */
export async function readTufTarget(
  name: string,
  io: Io,
  { offline = false }: { readonly offline?: boolean } = {},
): Promise<Uint8Array> {
  const repository = await repositoryOf(io);
  const { mirror } = repository;
  if (!offline) return requireTarget(await fetchOnline(repository, [name], io), name, mirror);
  const embedded = (await embeddedRepository(mirror))?.targets.get(name);
  try {
    return requireTarget(await fetchTargets(repository, [name]), name, mirror);
  } catch (error) {
    if (embedded === undefined) throw error;
    await io.stderr.write(`offline: using the embedded ${name}\n`);
    return embedded;
  }
}

/** Read the services that the TUF repository names. */
export async function readSigningConfig(io: Io): Promise<SigningConfig> {
  return parseSigningConfig(await readTufTarget(TARGETS.signingConfig, io));
}
