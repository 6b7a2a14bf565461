#!/usr/bin/env node
/**
 * What npm installs as `sigfleet`: it runs the command, and keeps its compiled code for the next start.
 *
 * Node's own compile cache keeps only what is compiled when a file is loaded, and none of the functions
 * that are compiled when they are first called: half of the time that a task of one image spends in
 * code of ours (bench/README.md).
 */

// deno-lint-ignore-file no-process-global no-node-globals
const { hash } = require("node:crypto") as typeof import("node:crypto");
const { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require(
  "node:fs",
) as typeof import("node:fs");
const { join } = require("node:path") as typeof import("node:path");
const { Script } = require("node:vm") as typeof import("node:vm");

/** Bytes of two SHA-256. */
const DIGESTS_BYTES = 64;

/** The folder for what can be made again; the environment says where its user wants it. */
function cacheHome(): string | undefined {
  const { HOME, LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  if (process.platform === "win32") return LOCALAPPDATA;
  if (XDG_CACHE_HOME?.startsWith("/") === true) return XDG_CACHE_HOME;
  if (HOME?.startsWith("/") !== true) return undefined;
  return join(HOME, process.platform === "darwin" ? "Library/Caches" : ".cache");
}

/**
 * The file for the compiled code of the task that is to run, since each calls other functions, and its
 * help calls few. Where there must be none it is `undefined`.
 */
function keptFile(): string | undefined {
  const [task = "", ...rest] = process.argv.slice(2);
  const home = cacheHome();
  const wanted = /^[a-z][a-z-]{1,40}$/u.test(task) && !rest.includes("--help") &&
    process.env["NODE_DISABLE_COMPILE_CACHE"] === undefined;
  if (!wanted || home === undefined) return undefined;
  const folder = join(home, "sigfleet");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // What lies there is run: nobody else may have put it there, as where root has a user's HOME.
    const { uid, mode } = statSync(folder);
    if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0)) {
      return undefined;
    }
  } catch {
    return undefined;
  }
  return join(folder, `${task}-${process.version}-${process.arch}.bin`);
}

/** Of the source, since V8 compares its length only, and of what was compiled from it. */
function digestsOf(source: Uint8Array, code: Uint8Array): Buffer {
  return Buffer.concat([source, code].map((bytes) => hash("sha256", bytes, "buffer")));
}

function readKept(file: string, source: Uint8Array): Buffer | undefined {
  try {
    const bytes = readFileSync(file);
    const code = bytes.subarray(DIGESTS_BYTES);
    return digestsOf(source, code).equals(bytes.subarray(0, DIGESTS_BYTES)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Write a file that is whole or not there. Without it the next start is slower, and no worse. */
function keep(file: string, source: Uint8Array, code: Buffer): void {
  const part = `${file}.${process.pid}`;
  try {
    writeFileSync(part, Buffer.concat([digestsOf(source, code), code]), {
      flag: "wx",
      mode: 0o600,
    });
    renameSync(part, file);
  } catch {
    rmSync(part, { force: true });
  }
}

function runKept(path: string, file: string): void {
  const source = readFileSync(path);
  const cachedData = readKept(file, source);
  // The bundler writes nothing but ASCII.
  const script = new Script(`(function (require) {${source.toString("latin1")}\n})`, {
    filename: path,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  if (cachedData === undefined || script.cachedDataRejected === true) {
    process.on("exit", (code) => {
      if (code === 0) keep(file, source, script.createCachedData());
    });
  }
  (script.runInThisContext() as (load: NodeJS.Require) => void)(require);
}

const command = join(__dirname, "command.cjs");
// Deno keeps compiled code by itself.
const file = process.versions["deno"] === undefined ? keptFile() : undefined;
if (file === undefined) require(command);
else runKept(command, file);
