/** Credentials for registries, found where docker, podman and cosign look for them. */

import { spawn } from "node:child_process";
import { readFile as readFileNode } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { concatBytes, decodeBase64, decodeText, encodeText } from "../base/bytes.ts";
import { type ErrorCode, MalformedError, messageOf } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";

/** How to prove oneself to a registry. */
export type Credentials =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token, exchanged for others at the token service. */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent as it is. */
  | { readonly kind: "bearer"; readonly token: string };

/**
 * Find the credentials for a registry, `host[:port]`; `undefined` where there are none.
 *
 * Rejects with {@link CredentialsError} where it cannot be told.
 */
export type CredentialSource = (registry: string) => Promise<Credentials | undefined>;

/** Credentials are configured, and cannot be had. The message has no secret in it. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
  readonly code: Extract<ErrorCode, "CREDENTIALS"> = "CREDENTIALS";
}

/** What became of a helper program that ran to its end. */
export interface HelperResult {
  readonly status: number | null;
  readonly stdout: Uint8Array;
}

/**
 * Run `docker-credential-<name> get` (or `store`), found on PATH, with `input` on its standard input. Rejects if it
 * cannot be started, takes too long or says too much.
 */
export type RunHelper = (program: string, input: string) => Promise<HelperResult>;

/** Where {@link dockerCredentials} looks. */
export interface DockerCredentialsOptions {
  /** The environment: HOME, DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, and PATH for helpers. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The one file to read, which must exist; else the first of the usual ones that does. */
  readonly configPath?: string;
  /** Read a file; rejects with code ENOENT if there is none. The disk's unless told. */
  readonly readFile?: (path: string) => Promise<Uint8Array>;
  /** Starts a process, without a shell, unless told. */
  readonly runHelper?: RunHelper;
  /** How long a helper may take: 30,000 unless told. */
  readonly helperMilliseconds?: number;
}

/** A helper may open a browser or unlock a key ring, but not keep a nightly run waiting. */
const HELPER_MILLISECONDS = 30_000;

/** A helper's answer is one small JSON object; ECR's and Google's tokens take some kilobytes. */
const MAX_HELPER_BYTES = 256 * 1024;

/** The user name by which helpers say that the secret is an identity token. */
const TOKEN_USERNAME = "<token>";

/** The key under which docker keeps Docker Hub, in files and for helpers. */
const HUB_KEY = "https://index.docker.io/v1/";
const HUB_HOSTS = ["index.docker.io", "docker.io", "registry-1.docker.io"];

const EntrySchema = v.object({
  auth: v.nullish(v.string(), ""),
  username: v.nullish(v.string(), ""),
  password: v.nullish(v.string(), ""),
  identitytoken: v.nullish(v.string(), ""),
  registrytoken: v.nullish(v.string(), ""),
});

const ConfigSchema = v.object({
  auths: v.nullish(v.record(v.string(), EntrySchema), {}),
  credHelpers: v.nullish(v.record(v.string(), v.string()), {}),
  credsStore: v.nullish(v.string(), ""),
});

const HelperAnswerSchema = v.object({
  Username: v.nullish(v.string(), ""),
  Secret: v.nullish(v.string(), ""),
});

type Entry = v.InferOutput<typeof EntrySchema>;

/** docker's file, and its name for errors. */
interface Config extends v.InferOutput<typeof ConfigSchema> {
  readonly path: string;
}

/** As {@link parseJson}, but what is read holds secrets, and the parser's messages quote it. */
function parseSecret<const Schema extends v.GenericSchema>(
  what: string,
  bytes: Uint8Array,
  schema: Schema,
): v.InferOutput<Schema> {
  try {
    return parseJson(what, bytes, schema);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new CredentialsError(`Cannot read ${what}: it is not JSON, or not of docker's form`);
  }
}

/** The names under which a registry may be kept. */
function aliasesOf(registry: string): readonly string[] {
  const host = registry.toLowerCase();
  return HUB_HOSTS.includes(host) ? HUB_HOSTS : [host];
}

/** A key of the file as `host` or `host/path`: docker wrote it with scheme and API version at times. */
function plainKey(key: string): string {
  return key.toLowerCase().replace(/^https?:\/\//u, "").replace(/\/(?:v[12]\/?)?$/u, "");
}

/**
 * The values kept for a registry, best first: under its own name, then, as docker does, under the name
 * of something in it.
 */
function valuesFor<Value>(map: Readonly<Record<string, Value>>, registry: string): Value[] {
  const aliases = aliasesOf(registry);
  const entries = Object.entries(map).map(([key, value]) => ({ key: plainKey(key), value }));
  const own = entries.filter(({ key }) => aliases.includes(key));
  const within = entries.filter(({ key }) =>
    key.includes("/") && aliases.includes(key.slice(0, key.indexOf("/")))
  );
  return [...own, ...within].map(({ value }) => value);
}

/** Read docker's `auth`: base64 of `username:password`. */
function decodeAuth(auth: string, path: string): Credentials {
  const wrong = new CredentialsError(
    `Cannot read ${path}: an "auth" is not base64 of name:password`,
  );
  let text: string;
  try {
    text = decodeText(decodeBase64(auth));
  } catch {
    throw wrong;
  }
  const colon = text.indexOf(":");
  if (colon === -1) throw wrong;
  // Some versions of docker pad the password with NUL, and all cut that off.
  const password = text.slice(colon + 1).replace(/\0+$/u, "");
  return { kind: "basic", username: text.slice(0, colon), password };
}

/** The credentials of one entry; none of the empty ones that docker leaves where a helper keeps them. */
function fromEntry(entry: Entry, path: string): Credentials | undefined {
  if (entry.registrytoken !== "") return { kind: "bearer", token: entry.registrytoken };
  if (entry.identitytoken !== "") return { kind: "identity-token", token: entry.identitytoken };
  if (entry.auth !== "") return decodeAuth(entry.auth, path);
  const { username, password } = entry;
  return username === "" && password === "" ? undefined : { kind: "basic", username, password };
}

/** Run a helper as a process with a deadline and a bounded answer. */
function spawnHelper(
  { env, helperMilliseconds = HELPER_MILLISECONDS }: DockerCredentialsOptions,
  action: "get" | "store" = "get",
): RunHelper {
  return (program, input) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, [action], {
        env: env as Record<string, string>,
        stdio: ["pipe", "pipe", "ignore"],
      });
      const parts: Uint8Array[] = [];
      let length = 0;
      const stop = (why: string): void => {
        child.kill("SIGKILL");
        // A grandchild may hold the pipe open; nobody reads it any more.
        child.stdout.destroy();
        reject(new Error(why));
      };
      const timer = setTimeout(
        () => stop(`no answer within ${helperMilliseconds / 1000} s`),
        helperMilliseconds,
      );
      child.stdout.on("data", (part: Uint8Array) => {
        parts.push(part);
        length += part.length;
        if (length > MAX_HELPER_BYTES) stop(`its answer is larger than ${MAX_HELPER_BYTES} bytes`);
      });
      child.on("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(new Error(error.code === "ENOENT" ? "it is not on PATH" : "it cannot be started"));
      });
      child.on("close", (status) => {
        clearTimeout(timer);
        resolve({ status, stdout: concatBytes(parts) });
      });
      // A helper that does not read its input is gone before we write: its status tells.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
}

/** The program of a helper; its name comes from a file. */
function helperProgram(name: string, path: string): string {
  if (!/^[A-Za-z0-9._-]+$/u.test(name)) {
    throw new CredentialsError(
      `Cannot read ${path}: a credential helper's name is not a plain word`,
    );
  }
  return `docker-credential-${name}`;
}

/** The key under which docker keeps a registry. */
export function serverKey(registry: string): string {
  return aliasesOf(registry) === HUB_HOSTS ? HUB_KEY : registry;
}

/** Whether a key of docker's file stands for a registry, in whatever spelling. */
export function isKeyOf(key: string, registry: string): boolean {
  return aliasesOf(registry).includes(plainKey(key));
}

/**
 * The helper that docker's file names for a registry, its own or the common one; empty if there is
 * none.
 *
 * @throws {CredentialsError} if the file cannot be read
 */
export function helperOf(path: string, bytes: Uint8Array, registry: string): string {
  const { credHelpers, credsStore } = parseSecret(path, bytes, ConfigSchema);
  return valuesFor(credHelpers, registry)[0] ?? credsStore ?? "";
}

/**
 * Give a name and password to a helper to keep.
 *
 * @throws {CredentialsError} which quotes nothing of what the helper said
 */
export async function storeWithHelper(
  name: string,
  registry: string,
  { username, password }: { readonly username: string; readonly password: string },
  options: DockerCredentialsOptions & { readonly configPath: string },
): Promise<void> {
  const program = helperProgram(name, options.configPath);
  const run = options.runHelper ?? spawnHelper(options, "store");
  const refuse = (why: string): never => {
    throw new CredentialsError(`Cannot store credentials for ${registry} with ${program}: ${why}`);
  };
  const input = { ServerURL: serverKey(registry), Username: username, Secret: password };
  const { status } = await run(program, JSON.stringify(input))
    .catch((error: unknown) => refuse(messageOf(error)));
  if (status !== 0) refuse(`it exited with status ${status}`);
}

/** Ask a helper program (https://github.com/docker/docker-credential-helpers, "Development"). */
async function askHelper(
  name: string,
  registry: string,
  path: string,
  run: RunHelper,
): Promise<Credentials | undefined> {
  const program = helperProgram(name, path);
  const server = serverKey(registry);
  let result: HelperResult;
  try {
    result = await run(program, server);
  } catch (error) {
    const why = (error as Error).message;
    throw new CredentialsError(`Cannot run ${program} for ${registry}: ${why}`);
  }
  if (result.status !== 0) {
    const text = new TextDecoder().decode(result.stdout);
    if (text.includes("credentials not found")) return undefined;
    // What it printed may be half an answer, so the reader is told how to see it.
    throw new CredentialsError(
      `Cannot run ${program} for ${registry}: it exited with status ${result.status}; ` +
        `"echo ${server} | ${program} get" shows why`,
    );
  }
  const { Username: username, Secret: secret } = parseSecret(
    `the answer of ${program}`,
    result.stdout,
    HelperAnswerSchema,
  );
  if (secret === "") return undefined;
  return username === TOKEN_USERNAME
    ? { kind: "identity-token", token: secret }
    : { kind: "basic", username, password: secret };
}

/** The files to look for, in the order of go-containerregistry's default keychain, which cosign uses. */
function usualPaths(env: DockerCredentialsOptions["env"]): string[] {
  const home = env["HOME"] ?? env["USERPROFILE"];
  const paths: string[] = [];
  if (env["DOCKER_CONFIG"]) paths.push(join(env["DOCKER_CONFIG"], "config.json"));
  else if (home) paths.push(join(home, ".docker", "config.json"));
  if (env["REGISTRY_AUTH_FILE"]) paths.push(env["REGISTRY_AUTH_FILE"]);
  if (env["XDG_RUNTIME_DIR"]) paths.push(join(env["XDG_RUNTIME_DIR"], "containers", "auth.json"));
  return paths;
}

async function readConfig(options: DockerCredentialsOptions): Promise<Config | undefined> {
  const { env, configPath, readFile = readFileNode } = options;
  for (const path of configPath === undefined ? usualPaths(env) : [configPath]) {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      const { code = "it cannot be read" } = error as NodeJS.ErrnoException;
      if (configPath === undefined && (code === "ENOENT" || code === "ENOTDIR")) continue;
      throw new CredentialsError(`Cannot read ${path}: ${code}`, { cause: error });
    }
    // docker takes an empty file for an empty configuration.
    const json = bytes.length === 0 ? encodeText("{}") : bytes;
    return { path, ...parseSecret(path, json, ConfigSchema) };
  }
  return undefined;
}

/**
 * Find credentials as docker does: the registry's own helper, else the common helper, else the file.
 * Where a helper is configured, docker asks nothing else, and neither do we.
 *
 * The file is read once and each registry looked up once, whatever the outcome, so that a helper
 * that hangs does so once in a run.
 */
export function dockerCredentials(options: DockerCredentialsOptions): CredentialSource {
  const run = options.runHelper ?? spawnHelper(options);
  const found = new Map<string, Promise<Credentials | undefined>>();
  let reading: Promise<Config | undefined> | undefined;

  const find = async (registry: string): Promise<Credentials | undefined> => {
    const config = await (reading ??= readConfig(options));
    if (config === undefined) return undefined;
    const helper = valuesFor(config.credHelpers, registry)[0] ?? config.credsStore;
    if (helper !== "") return await askHelper(helper, registry, config.path, run);
    for (const entry of valuesFor(config.auths, registry)) {
      const credentials = fromEntry(entry, config.path);
      if (credentials !== undefined) return credentials;
    }
    return undefined;
  };

  return (registry) => {
    let finding = found.get(registry);
    if (finding === undefined) {
      finding = find(registry);
      found.set(registry, finding);
    }
    return finding;
  };
}
