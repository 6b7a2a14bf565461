import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { staticImportsOf } from "../support/repo.ts";

/** Everything that is loaded with a script, before it does anything: its files, packages and modules. */
function loadedWith(script: string): ReadonlySet<string> {
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const specifier of staticImportsOf(path)) {
      if (specifier.startsWith(".")) visit(normalize(join(dirname(path), specifier)));
      else loaded.add(specifier);
    }
  };
  visit(script);
  return loaded;
}

/** What of it is from elsewhere. */
function packagesOf(loaded: ReadonlySet<string>): string[] {
  return [...loaded].filter((name) => !/^(?:node:|lib\/|scripts\/)/u.test(name)).sort();
}

test("the command loads no task before one is named", () => {
  const loaded = loadedWith("scripts/sigfleet.ts");
  assert.deepEqual(packagesOf(loaded), ["commander"]);
  assert.ok(loaded.has("scripts/command/tasks.ts"));
  const tasks = [...loaded].filter((name) => /^scripts\/[^/]+$/u.test(name));
  assert.deepEqual(tasks, ["scripts/sigfleet.ts"]);
});

test("verifying an image loads no more than it needs", () => {
  const loaded = loadedWith("scripts/verify.ts");
  assert.ok(loaded.has("lib/verify/verify_image.ts"));
  assert.deepEqual(packagesOf(loaded), [
    "@sigstore/bundle",
    "@sigstore/core",
    "@sigstore/protobuf-specs",
    "commander",
    "valibot",
  ]);
  for (const never of [/^lib\/(?:fleet|sign)\//u, /^lib\/registry\/(?:memory|serve)/u]) {
    assert.deepEqual([...loaded].filter((name) => never.test(name)), []);
  }
});
