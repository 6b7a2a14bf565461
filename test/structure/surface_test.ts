import assert from "node:assert/strict";
import { test } from "node:test";
import * as surface from "../../mod.ts";
import { VERSION } from "../../lib/base/version.ts";
import { TASKS } from "../../scripts/command/tasks.ts";
import { importsOf, listSources, readProjectFile } from "../support/repo.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly tasks: Readonly<Record<string, string>>;
}

const npm = JSON.parse(readProjectFile("package.json")) as Manifest;
const jsr = JSON.parse(readProjectFile("deno.json")) as Manifest;

/** The scripts that are commands of their own. */
const SCRIPTS = listSources("scripts").filter((path) => path.split("/").length === 2);

test("both manifests and the code name the same version and licence", () => {
  assert.equal(npm.version, VERSION);
  assert.equal(jsr.version, VERSION);
  assert.equal(npm.license, jsr.license);
});

test("both manifests export the same entry points", () => {
  assert.deepEqual(Object.keys(npm.exports), Object.keys(jsr.exports));
  for (const [entry, target] of Object.entries(npm.exports)) {
    const built = typeof target === "string" ? target : target.default;
    const source = jsr.exports[entry] as string;
    assert.equal(built, source.replace("./", "./dist/").replace(/\.ts$/u, ".js"));
  }
});

test("mod.ts has no code, re-exports by name, and in the order of the data", () => {
  const text = readProjectFile("mod.ts").replace(/\/\*\*[\s\S]*?\*\//u, "");
  assert.match(text, /^(?:\s*export (?:type )?\{[^}]*\} from "[^"]+";)+\s*$/u);
  const folders = importsOf("mod.ts").map((path) => path.split("/")[2]!);
  const order = [...new Set(folders)];
  assert.deepEqual(order, [
    "base",
    "reference",
    "registry",
    "keys",
    "signature",
    "trust",
    "sign",
    "verify",
    "policy",
    "fleet",
    "report",
  ]);
  assert.equal(
    folders.filter((folder, index) => folder !== folders[index - 1]).length,
    order.length,
  );
});

test("mod.ts exports what the README and the examples use, and each is there", () => {
  const used = listSources("examples").concat("README.md").flatMap((path) => {
    const imports = readProjectFile(path).matchAll(
      /import \{([^}]*)\} from "(?:\.\.\/mod\.ts|sigfleet)"/gu,
    );
    return [...imports].flatMap((match) => match[1]!.split(",")).map((name) => name.trim());
  }).filter((name) => name !== "" && !name.startsWith("type "));
  assert.ok(used.length > 10);
  for (const name of used) assert.ok(name in surface, `mod.ts does not export ${name}`);
});

test("each task is a script, an npm script, a Deno task and a word of sigfleet", async () => {
  assert.ok(SCRIPTS.length >= 8);
  const loaded = new Map<string, string>();
  for (const [name, load] of Object.entries(TASKS)) {
    const { task } = await load();
    assert.equal(task.name, name);
    loaded.set(`scripts/${name.replace(/[ -]/gu, "_")}.ts`, name);
  }
  assert.deepEqual([...loaded.keys(), "scripts/sigfleet.ts"].sort(), SCRIPTS);
  for (const path of SCRIPTS) {
    const name = path.slice("scripts/".length, -".ts".length).replaceAll("_", "-");
    assert.match(readProjectFile(path), /^#!\/usr\/bin\/env node\n/u);
    // To npm `version` is a step of its own making.
    if (name === "version") continue;
    assert.equal(npm.scripts[name], `node ${path}`);
    assert.equal(jsr.tasks[name], `deno run -A ${path}`);
  }
});

test("the command of the package is what build/bundle.ts writes", () => {
  assert.deepEqual(npm.bin, { sigfleet: "dist/bin/sigfleet.cjs" });
});

test("no source is longer than 400 lines", () => {
  for (const path of [...listSources("lib"), ...listSources("scripts"), "mod.ts"]) {
    const lines = readProjectFile(path).split("\n").length;
    assert.ok(lines <= 400, `${path} has ${lines} lines`);
  }
});
