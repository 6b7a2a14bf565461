import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { importsOf, listSources, readProjectFile } from "../support/repo.ts";

/** The folders of lib in the order of the data; `sign` and `verify` stand side by side. */
const LAYERS: Readonly<Record<string, number>> = {
  base: 0,
  reference: 1,
  registry: 2,
  keys: 3,
  signature: 4,
  trust: 5,
  sign: 6,
  verify: 6,
  policy: 7,
  fleet: 8,
  report: 9,
};

/** Where each package may be imported. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  "zx": ["examples/", "scripts/command/key_secret.ts"],
  "@noble/ciphers": ["lib/keys/"],
  "@noble/curves": ["lib/keys/"],
  "@sigstore/bundle": ["lib/signature/bundle.ts"],
  "@sigstore/core": ["lib/sign/", "lib/signature/der.ts", "lib/trust/build_trusted_root.ts"],
  "@sigstore/protobuf-specs": ["lib/verify/trusted_root.ts"],
  "@sigstore/tuf": ["lib/trust/embedded.ts"],
  "cli-table3": ["lib/report/draw_table.ts"],
  "commander": ["scripts/"],
  "picomatch": ["lib/policy/"],
  "re2js": ["lib/policy/match_text.ts"],
  "tuf-js": ["lib/trust/tuf.ts"],
  "undici": ["lib/base/http.ts", "lib/base/platform_dispatcher.ts"],
  "valibot": ["lib/"],
  "yaml": ["lib/fleet/parse_yaml.ts"],
};

/** What lib may use of the platform: both runtimes have all of it, and none of it is ambient. */
const PLATFORM: Readonly<Record<string, readonly string[]>> = {
  "node:buffer": ["lib/"],
  "node:crypto": ["lib/base/hash.ts", "lib/keys/"],
  "node:process": [
    "lib/base/http.ts",
    "lib/base/platform_dispatcher.ts",
    "lib/keys/verify_signature.ts",
  ],
  "node:child_process": ["lib/registry/credentials.ts"],
  "node:fs": ["lib/base/disk.ts", "lib/registry/layout_files.ts"],
  "node:fs/promises": [
    "lib/base/disk.ts",
    "lib/registry/credentials.ts",
    "lib/registry/layout_files.ts",
    "lib/trust/tuf.ts",
  ],
  "node:http": ["lib/base/platform_dispatcher.ts", "lib/registry/serve.ts"],
  "node:net": ["lib/registry/serve.ts"],
  "node:path": ["lib/registry/credentials.ts", "lib/registry/layout_files.ts", "lib/trust/tuf.ts"],
  "node:stream/promises": ["lib/registry/layout_files.ts"],
  "node:url": ["lib/registry/layout_remote.ts"],
};

const LIB = listSources("lib");
const SHIPPED = [...LIB, ...listSources("scripts"), ...listSources("examples"), "mod.ts"];

function layerOf(path: string): number {
  const folder = path.split("/")[1] ?? "";
  const layer = LAYERS[folder];
  assert.notEqual(layer, undefined, `lib/${folder} has no place in the order`);
  return layer!;
}

function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function allowed(path: string, doors: readonly string[] | undefined): boolean {
  return doors?.some((door) => path === door || door.endsWith("/") && path.startsWith(door)) ===
    true;
}

test("the sources are found, with their imports", () => {
  assert.ok(LIB.length > 40);
  assert.ok(importsOf("lib/verify/findings.ts").includes("../base/errors.ts"));
  assert.ok(importsOf("lib/base/http.ts").includes("undici/lib/dispatcher/pool.js"));
});

test("a file of lib imports from its own folder and from folders to its left", () => {
  for (const path of LIB) {
    for (const specifier of importsOf(path).filter((name) => name.startsWith("."))) {
      const target = normalize(join(dirname(path), specifier));
      assert.ok(target.startsWith("lib/"), `${path} imports ${specifier}`);
      const own = path.split("/")[1] === target.split("/")[1];
      assert.ok(
        own || layerOf(target) < layerOf(path),
        `${path} imports to its right: ${specifier}`,
      );
    }
  }
});

test("no files import each other in a circle", () => {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(path), `circle: ${[...trail, path].join(" → ")}`);
    if (done.has(path)) return;
    const targets = importsOf(path).filter((name) => name.startsWith("."));
    for (const target of targets) visit(normalize(join(dirname(path), target)), [...trail, path]);
    done.add(path);
  };
  for (const path of LIB) visit(path, []);
});

test("each package is imported behind its door only, and each dependency somewhere", () => {
  const used = new Set<string>();
  for (const path of SHIPPED) {
    for (const specifier of importsOf(path).filter((name) => !/^(?:\.|node:)/u.test(name))) {
      const name = packageOf(specifier);
      used.add(name);
      assert.ok(allowed(path, DOORS[name]), `${path} imports ${specifier}`);
    }
  }
  const manifest = JSON.parse(readProjectFile("package.json")) as {
    dependencies: Record<string, string>;
  };
  assert.deepEqual([...used].sort(), Object.keys(manifest.dependencies).sort());
});

test("lib uses of the platform only what both runtimes have, each thing in its place", () => {
  for (const path of LIB) {
    for (const specifier of importsOf(path).filter((name) => name.startsWith("node:"))) {
      assert.ok(allowed(path, PLATFORM[specifier]), `${path} imports ${specifier}`);
    }
    const code = readProjectFile(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gmu, "");
    const ambient = /(?<![.\w"])(?:Deno|process|console|Buffer|require|__dirname)\b[.(]/u.exec(
      code,
    );
    const imported = ambient !== null &&
      new RegExp(`import [^;]*\\b${ambient[0].slice(0, -1)}\\b`, "u").test(code);
    assert.ok(ambient === null || imported, `${path} uses ${ambient?.[0]}`);
  }
});

test("nothing outside scripts imports a script", () => {
  for (const path of [...LIB, "mod.ts", ...listSources("examples")]) {
    for (const specifier of importsOf(path)) {
      assert.ok(!specifier.includes("scripts/"), `${path} imports ${specifier}`);
    }
  }
});
