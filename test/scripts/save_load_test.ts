/** save, load, and --local-image of verify and verify-attestation. */

import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { type RegistryServer, serveRegistry } from "../../lib/registry/serve.ts";
import { task as attest } from "../../scripts/attest.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as load } from "../../scripts/load.ts";
import { task as save } from "../../scripts/save.ts";
import { task as sign } from "../../scripts/sign.ts";
import { task as verify } from "../../scripts/verify.ts";
import { task as verifyAttestation } from "../../scripts/verify_attestation.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { fixturePath } from "../support/fixtures.ts";
import { pushImage } from "../support/served_registry.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const FOLDER = await temporaryFolder({ after });
const at = (name: string): string => join(FOLDER, name);
const PRIVATE = ["--key", fixturePath("keys/imported-p256.key")];
const PUBLIC = ["--key", fixturePath("keys/imported-p256.pub")];
const OTHER = ["--key", fixturePath("keys/p384.pub")];
const LOCAL = [...PUBLIC, "--local-image"];

const registry = createMemoryRegistry();
let server: RegistryServer;

async function run<Options>(
  task: Task<Options>,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const io = createFakeIo({ env: { COSIGN_PASSWORD: "imported-p256-pw", ...env } });
  return { code: await runTask(task, words, io), ...io.written };
}

before(async () => {
  for (const tag of ["signed", "attested", "unsigned"]) pushImage(registry, "team/app", tag);
  server = await serveRegistry(registry);
  const app = `${server.host}/team/app`;
  assert.equal((await run(sign, [...PRIVATE, "-y", `${app}:signed`])).code, 0);
  await writeFile(at("predicate"), "{}");
  const words = [...PRIVATE, "-y", "--predicate", at("predicate"), `${app}:attested`];
  assert.equal((await run(attest, words)).code, 0);
  for (const tag of ["signed", "attested", "unsigned"]) {
    const saved = await run(save, ["--dir", at(tag), `${app}:${tag}`]);
    assert.deepEqual(saved, { code: 0, stdout: "", stderr: "" });
  }
});

after(() => server.close());

test("verify --local-image prints what is signed, for the folder by its name", async () => {
  const { code, stdout, stderr } = await run(verify, [...LOCAL, at("signed")]);
  assert.equal(code, 0, stderr);
  const [{ critical }] = JSON.parse(stdout) as [{ critical: Record<string, unknown> }];
  assert.deepEqual(critical, {
    identity: { "docker-reference": at("signed") },
    image: { "docker-manifest-digest": registry.manifest("team/app", "signed")!.digest },
    type: "https://sigstore.dev/cosign/sign/v1",
  });
  assert.match(stderr, new RegExp(`^\nVerification for ${at("signed")} --\n`, "u"));
});

test("verify --local-image tries every folder, and exits with 1 as cosign does", async () => {
  const folders = [at("unsigned"), at("signed"), at("none")];
  const { code, stdout, stderr } = await run(verify, [...LOCAL, ...folders]);
  assert.equal(code, 1);
  assert.ok(stdout.includes(at("signed")));
  assert.match(stderr, /Error: .*unsigned: no signatures found: .*\n/u);
  assert.match(stderr, /Error: .*none: could not tell: .*\n/u);
  assert.equal((await run(verify, [...OTHER, "--local-image", at("signed")])).code, 1);
  assert.equal((await run(verify, LOCAL)).code, 2);
});

test("verify --local-image looks for signatures in the folder, whatever the environment says", async () => {
  const env = { COSIGN_REPOSITORY: `${server.host}/team/elsewhere`, COSIGN_LOCAL_IMAGE: "true" };
  assert.equal((await run(verify, [...PUBLIC, at("signed")], env)).code, 0);
});

test("verify-attestation --local-image prints the envelope, and exits with 1", async () => {
  const { code, stdout } = await run(verifyAttestation, [...LOCAL, at("attested")]);
  assert.equal(code, 0);
  assert.ok("payload" in (JSON.parse(stdout) as object));
  for (const folder of ["signed", "unsigned", "none"]) {
    assert.equal((await run(verifyAttestation, [...LOCAL, at(folder)])).code, 1);
  }
});

test("load gives a signed image another name, beside which its signatures are", async () => {
  const target = `${server.host}/mirror/app:2.0`;
  const loaded = await run(load, ["--dir", at("signed"), target]);
  assert.deepEqual(loaded, { code: 0, stdout: "", stderr: "" });
  assert.equal((await run(verify, [...PUBLIC, target])).code, 0);
});

test("load and save say what is wrong, and with which folder", async () => {
  const target = `${server.host}/mirror/app:3.0`;
  const none = await run(load, ["--dir", at("none"), target]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^Error: Cannot read .*none: /u);
  const wrong = `${server.host}/mirror/app@sha256:${"0".repeat(64)}`;
  assert.match((await run(load, ["--dir", at("signed"), wrong])).stderr, /it holds sha256:/u);
  assert.equal((await run(load, [target])).code, 2);
  assert.equal(registry.manifest("mirror/app", "3.0"), undefined);

  const missing = await run(save, ["--dir", at("new"), `${server.host}/team/app:none`]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^Error: Cannot save .*team\/app:none: /u);
  await assert.rejects(readdir(at("new")), { code: "ENOENT" });
  const file = await run(save, ["--dir", at("predicate"), `${server.host}/team/app:signed`]);
  assert.equal(file.code, 1);
  assert.match(file.stderr, /^Error: Cannot write .*predicate/u);
});

test("save and load keep signatures where COSIGN_REPOSITORY says", async () => {
  const env = { COSIGN_REPOSITORY: `${server.host}/team/signatures` };
  const image = `${server.host}/team/app:unsigned`;
  assert.equal((await run(sign, [...PRIVATE, "-y", image], env)).code, 0);
  assert.equal((await run(save, ["--dir", at("elsewhere"), image], env)).code, 0);
  assert.equal((await run(verify, [...LOCAL, at("elsewhere")])).code, 0);
  const target = `${server.host}/mirror/unsigned:1.0`;
  const other = { COSIGN_REPOSITORY: `${server.host}/mirror/signatures` };
  assert.equal((await run(load, ["--dir", at("elsewhere"), target], other)).code, 0);
  assert.equal((await run(verify, [...PUBLIC, target])).code, 10);
  assert.equal((await run(verify, [...PUBLIC, target], other)).code, 0);
});

test("save leaves a folder as it is where the registry fails", async () => {
  const index = await readFile(join(at("signed"), "index.json"));
  const layer = registry.manifest("team/app", "attested")!;
  registry.putRaw("team/app", layer.digest, new TextEncoder().encode("evil"), layer.mediaType);
  const image = `${server.host}/team/app@${layer.digest}`;
  assert.equal((await run(save, ["--dir", at("signed"), image])).code, 1);
  assert.deepEqual(await readFile(join(at("signed"), "index.json")), index);
  await rm(at("signed"), { recursive: true });
});
