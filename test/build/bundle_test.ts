import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { VERSION } from "../../lib/base/version.ts";
import type { RegistryServer } from "../../lib/registry/serve.ts";
import { buildCommand } from "../support/build_command.ts";
import { readProjectFile } from "../support/repo.ts";
import { runScript, type ScriptOptions, type ScriptResult } from "../support/run_script.ts";
import { serveImages } from "../support/served_registry.ts";

const ON_DENO = process.versions["deno"] !== undefined;
const PASSWORD = { COSIGN_PASSWORD: "secret" };

let folder: string;
let command: string;
let server: RegistryServer;
let image: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigfleet-test-"));
  command = await buildCommand(folder);
  ({ server } = await serveImages(["team/app:1.0", "team/unsigned:1.0"]));
  image = `${server.host}/team/app:1.0`;
  const made = await sigfleet(["generate-key-pair"], { env: PASSWORD });
  assert.equal(made.code, 0, made.stderr);
  const signed = await sigfleet(["sign", "--key", "cosign.key", image], { env: PASSWORD });
  assert.equal(signed.code, 0, signed.stderr);
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function sigfleet(args: readonly string[], options: ScriptOptions = {}): Promise<ScriptResult> {
  return runScript(command, args, { cwd: folder, ...options });
}

test("the bundled command verifies as its sources do, to the byte", async () => {
  for (const args of [["--key", "cosign.pub", image], ["--key", "cosign.pub"], ["--help"]]) {
    const bundled = await sigfleet(["verify", ...args]);
    const sources = await runScript("scripts/sigfleet.ts", ["verify", ...args], { cwd: folder });
    assert.deepEqual(bundled, sources);
  }
});

test("the bundled command has cosign's exit codes and its own", async () => {
  const unsigned = `${server.host}/team/unsigned:1.0`;
  const verify = (reference: string) => ["verify", "--key", "cosign.pub", reference];
  assert.equal((await sigfleet(verify(unsigned))).code, 10);
  assert.equal((await sigfleet(verify(`${server.host}/team/app:none`))).code, 11);
  assert.equal((await sigfleet(["no-such-task"])).code, 2);
  assert.equal((await sigfleet(["version"])).stdout.includes(VERSION), true);
});

test("the bundled command runs tasks that need packages from outside of it", async () => {
  await writeFile(join(folder, "pod.yaml"), `kind: Pod\nspec: {containers: [{image: "${image}"}]}`);
  const key = ["--key", "cosign.pub"];
  const manifest = await sigfleet(["manifest", "verify", ...key, "pod.yaml"]);
  assert.equal(manifest.code, 0, manifest.stderr);
  const fleet = await sigfleet(["verify-fleet", ...key, `${server.host}/team/app`]);
  assert.equal(fleet.code, 0, fleet.stderr);
  assert.match(fleet.stdout, /✔ verified/u);
  const tags = ["--tags", "1.*", `${server.host}/team/app`];
  const signed = await sigfleet(["sign-tags", "--key", "cosign.key", ...tags], { env: PASSWORD });
  assert.equal(signed.code, 0, signed.stderr);
  const secret = await sigfleet(["verify", "--key", "k8s://ns/none", image], { env: { PATH: "" } });
  assert.equal(secret.code, 2);
  assert.match(secret.stderr, /kubectl/u);
  const copied = await sigfleet(["copy", image, `${server.host}/team/copy:1.0`]);
  assert.equal(copied.code, 0, copied.stderr);
});

test("the bundled command verifies an image with nothing from outside, and little of Node", async () => {
  const alone = join(folder, "alone");
  const built = await buildCommand(alone);
  await rm(join(alone, "node_modules"));
  const list = join(alone, "list.txt");
  const preload = join(alone, "preload.cjs");
  await writeFile(
    preload,
    `process.on("exit", () =>
      require("node:fs").writeFileSync(${
      JSON.stringify(list)
    }, process.moduleLoadList.join("\\n")));`,
  );
  const verify = (env: Readonly<Record<string, string>>) =>
    runScript(built, ["verify", "--key", join(folder, "cosign.pub"), image], { cwd: alone, env });
  const { code, stderr } = await verify(ON_DENO ? {} : { NODE_OPTIONS: `--require=${preload}` });
  assert.equal(code, 0, stderr);
  if (ON_DENO) return;
  const loaded = (await readFile(list, "utf8")).split("\n")
    .map((entry) => entry.replace(/^NativeModule /u, ""));
  assert.ok(loaded.includes("http"));
  // Each of them takes as long as all that the command does itself, or half of it.
  const heavy = ["http2", "tls", "child_process", "worker_threads", "fs/promises"];
  assert.deepEqual(loaded.filter((name) => heavy.includes(name) || name.includes("undici")), []);
});

test("the help of the bundled command lists every task", async () => {
  const { stdout } = await sigfleet(["--help"]);
  assert.equal(stdout, (await runScript("scripts/sigfleet.ts", ["--help"])).stdout);
});

/** Verify with a home of its own, and tell what is kept there. */
async function verifyAtHome(home: string, env: Readonly<Record<string, string>> = {}) {
  const result = await sigfleet(["verify", "--key", "cosign.pub", image], {
    env: { XDG_CACHE_HOME: home, ...env },
  });
  assert.equal(result.code, 0, result.stderr);
  return await readdir(join(home, "sigfleet")).catch(() => []);
}

test("compiled code is kept for its owner, and made anew where it is damaged", async () => {
  const home = join(folder, "kept");
  const [name = "", ...others] = await verifyAtHome(home);
  if (ON_DENO) return assert.equal(name, "");
  assert.equal(name, `verify-${process.version}-${process.arch}.bin`);
  assert.equal(others.length, 0);
  const file = join(home, "sigfleet", name);
  assert.equal((await stat(join(home, "sigfleet"))).mode & 0o777, 0o700);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const kept = await readFile(file);
  const { mtimeMs } = await stat(file);
  await verifyAtHome(home);
  assert.equal((await stat(file)).mtimeMs, mtimeMs);

  const flipped = Buffer.from(kept);
  flipped[flipped.length - 1]! ^= 1;
  for (const damaged of [flipped, kept.subarray(0, -100), kept.subarray(0, 10), Buffer.alloc(0)]) {
    await writeFile(file, damaged);
    await verifyAtHome(home);
    assert.notDeepEqual(await readFile(file), damaged);
  }
});

test("no compiled code is kept for help and failures, nor where it is not wanted or not safe", async () => {
  const home = join(folder, "unkept");
  const env = { XDG_CACHE_HOME: home };
  await sigfleet(["verify", "--help"], { env });
  await sigfleet(["verify", "--key", "none.pub", image], { env });
  await sigfleet(["../no-task"], { env });
  assert.deepEqual(await readdir(join(home, "sigfleet")).catch(() => []), []);
  assert.deepEqual(await verifyAtHome(home, { NODE_DISABLE_COMPILE_CACHE: "1" }), []);
  if (ON_DENO) return;
  // Anybody could have put it there.
  await chmod(join(home, "sigfleet"), 0o777);
  assert.deepEqual(await verifyAtHome(home), []);
  await writeFile(join(folder, "a-file"), "");
  assert.deepEqual(await verifyAtHome(join(folder, "a-file")), []);
});

test("the licences of all packages in the bundle go with it", async () => {
  const licences = await readFile(join(folder, "bin/THIRD_PARTY_LICENSES.txt"), "utf8");
  const { dependencies } = JSON.parse(readProjectFile("package.json")) as {
    dependencies: Record<string, string>;
  };
  for (const name of ["commander", "valibot", "@sigstore/bundle", "@noble/ciphers"]) {
    assert.ok(licences.includes(`${name} ${dependencies[name]}\n\n`), name);
  }
});
