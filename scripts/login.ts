#!/usr/bin/env node
import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, realpath, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { decodeText } from "../lib/base/bytes.ts";
import { UsageError } from "../lib/base/errors.ts";
import { DOCKER_HUB, parseRepository } from "../lib/reference/reference.ts";
import { addCredentials } from "../lib/registry/add_credentials.ts";
import { checkCredentials } from "../lib/registry/check_credentials.ts";
import { helperOf, storeWithHelper } from "../lib/registry/credentials.ts";
import type { Io } from "./command/io.ts";
import {
  defineConnectionOptions,
  type RegistryFlags,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends RegistryFlags {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: boolean;
}

function parseRegistry(text: string): string {
  const isHub = ["docker.io", DOCKER_HUB].includes(text);
  if (text.includes("/") || !isHub && parseRepository(`${text}/x`).registry !== text) {
    throw new UsageError(`Cannot log in to "${text.slice(0, 80)}": want host[:port] of a registry`);
  }
  return isHub ? DOCKER_HUB : text;
}

/** The name and password: from the flags, from standard input, or asked. */
async function readCredentials(flags: Flags, { stdin, stderr }: Io) {
  if (flags.password !== undefined && flags.passwordStdin === true) {
    throw new UsageError("Cannot log in: want --password or --password-stdin, not both");
  }
  if (flags.password !== undefined) {
    await stderr.write("WARNING: others on this machine see --password; use --password-stdin\n");
  }
  const canAsk = stdin.isTTY && flags.passwordStdin !== true;
  const username = flags.username ??
    (canAsk ? await stdin.ask("Username: ", { hidden: false }) : "");
  let { password } = flags;
  if (flags.passwordStdin === true) {
    password = decodeText(await stdin.readAll()).replace(/\r?\n$/u, "");
  } else if (password === undefined && canAsk) {
    password = await stdin.ask("Password: ", { hidden: true });
  }
  if (username === "" || !password) {
    throw new UsageError("Cannot log in: username and password required; see --password-stdin");
  }
  return { username, password };
}

/** Where docker keeps its configuration; the file behind it, if it is a link. */
async function configPath(env: Io["env"]): Promise<string> {
  const home = env["HOME"] ?? env["USERPROFILE"];
  const folder = env["DOCKER_CONFIG"] || (home && join(home, ".docker"));
  if (!folder) throw new UsageError("Cannot log in: neither DOCKER_CONFIG nor HOME is set");
  const path = join(folder, "config.json");
  return await realpath(path).catch(() => path);
}

async function readConfig(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code = "it cannot be read" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return new Uint8Array();
    throw new UsageError(`Cannot read ${path}: ${code}`, { cause: error });
  }
}

/** Write a file that is for its owner only: whole, or not at all. */
async function writeSecret(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const part = `${path}.${randomUUID()}.part`;
  try {
    const file = await open(part, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Keep credentials for a registry where docker, cosign and these tasks find them. */
export const task: Task<Flags> = {
  name: "login",
  summary: "Log in to a registry, if it takes the credentials",
  examples: [
    ["login registry.example -u robot --password-stdin < token", "the password stays hidden"],
    ["login registry.example", "ask for both on the terminal"],
  ],
  define(command) {
    command
      .argument("<registry>", "host[:port]; docker.io is Docker Hub")
      .option("-u, --username <name>")
      .option("-p, --password <text>", "seen by others on the machine: better --password-stdin")
      .option("--password-stdin", "read the password from standard input");
    defineConnectionOptions(command);
  },
  async run([server = ""], flags, io) {
    const registry = parseRegistry(server);
    const credentials = await readCredentials(flags, io);
    const { username: registryUsername, password: registryPassword } = credentials;
    await withRegistries(
      { ...flags, registryUsername, registryPassword },
      io,
      1,
      (remote) => checkCredentials(remote, registry),
    );
    const path = await configPath(io.env);
    const bytes = await readConfig(path);
    const helper = bytes.length === 0 ? "" : helperOf(path, bytes, registry);
    if (helper === "") {
      await writeSecret(path, addCredentials(path, bytes, registry, credentials));
      await io.stderr.write(
        `\nWARNING! Your credentials are stored unencrypted in '${path}'.\n` +
          "Configure a credential helper to remove this warning. See\n" +
          "https://docs.docker.com/go/credential-store/\n\n",
      );
    } else {
      // Made before, so that a file of another form is found out while nothing is stored yet.
      const text = addCredentials(path, bytes, registry);
      await storeWithHelper(helper, registry, credentials, { env: io.env, configPath: path });
      await writeSecret(path, text);
    }
    await io.stderr.write(`logged in via ${path}\n`);
    return 0;
  },
};

await runIfMain(import.meta.url, task);
