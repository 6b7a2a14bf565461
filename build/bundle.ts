/**
 * Make the command that npm installs, and its launcher: its own code in one file, which is read and
 * compiled in less time than two hundred (bench/README.md).
 *
 *     node build/bundle.ts FOLDER
 */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build, type Metafile, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Packages that lie in the bundle: those that the verification of one image needs. */
const INSIDE: ReadonlySet<string> = new Set([
  "@noble/ciphers",
  "@sigstore/bundle",
  "@sigstore/core",
  "@sigstore/protobuf-specs",
  "commander",
  "valibot",
]);

function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Other packages stay where npm installs them, and are loaded when a module that imports them is. */
const outerPackages: Plugin = {
  name: "outer-packages",
  setup({ onResolve }) {
    onResolve(
      { filter: /^[a-z@]/ },
      ({ path }) =>
        path.startsWith("node:") || builtinModules.includes(path) || INSIDE.has(packageOf(path))
          ? undefined
          : { path, external: true },
    );
  },
};

/** Modules of the platform that take long to load, and that most tasks only import. */
const RARELY_USED = /^node:(?:child_process|fs\/promises)$/;

/** Load these when something of them is first used. */
const lateModules: Plugin = {
  name: "late-modules",
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: RARELY_USED },
      ({ path, namespace }) =>
        namespace === "late" ? { path, external: true } : { path, namespace: "late" },
    );
    onLoad({ filter: /./, namespace: "late" }, ({ path }) => {
      const names = JSON.stringify(Object.keys(process.getBuiltinModule(path) as object));
      const get = `() => require(${JSON.stringify(path)})[name]`;
      return {
        contents: `for (const name of ${names}) {
          Object.defineProperty(exports, name, { enumerable: true, get: ${get} });
        }`,
      };
    });
  },
};

/** No task is a program of its own here; and what awaits at its top level cannot be a script. */
const tasks: Plugin = {
  name: "tasks",
  setup({ onLoad }) {
    onLoad({ filter: /\/scripts\/\w+\.ts$/ }, async ({ path }) => ({
      loader: "ts",
      contents: (await readFile(path, "utf8")).replace(/^await runIfMain\(.*\);$/mu, ""),
    }));
  },
};

/** The licences of the packages that are in the bundle, which demand to go with it. */
async function licences({ inputs }: Metafile): Promise<string> {
  const names = Object.keys(inputs).flatMap((path) => {
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//u.exec(path) ?? [];
    return name === undefined ? [] : [name];
  });
  const texts = [...new Set(names)].sort().map(async (name) => {
    const folder = join(ROOT, "node_modules", name);
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/iu.test(entry));
    if (file === undefined) throw new Error(`Cannot bundle ${name}: it has no licence`);
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
      version: string;
    };
    return `${name} ${version}\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("Cannot bundle: want the folder to write to");
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: [join(ROOT, "bin/sigfleet.cts"), join(ROOT, "bin/command.ts")],
  outdir: resolve(folder),
  outExtension: { ".js": ".cjs" },
  bundle: true,
  // What is read at each start is better short.
  minify: true,
  legalComments: "none",
  format: "cjs",
  platform: "node",
  target: "node22",
  // A script has no import().
  supported: { "dynamic-import": false },
  plugins: [tasks, lateModules, outerPackages],
  metafile: true,
  logLevel: "warning",
});
await writeFile(join(folder, "THIRD_PARTY_LICENSES.txt"), await licences(metafile));
