import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openRegistries } from "../../lib/registry/open_registries.ts";
import { resolveDigest } from "../../lib/registry/resolve_digest.ts";
import { runTask } from "../../scripts/command/task.ts";
import { task as dockerfileVerify } from "../../scripts/dockerfile_verify.ts";
import { task as manifestVerify } from "../../scripts/manifest_verify.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { createKey, sign } from "../support/images.ts";
import { serveImages } from "../support/served_registry.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** A registry whose image `team/signed:1` is signed and `team/bare:1` is not. */
async function prepare(t: TestContext) {
  const folder = await temporaryFolder(t);
  const { server, registry } = await serveImages(["team/signed:1", "team/bare:1"]);
  t.after(() => server.close());
  const remote = openRegistries({ env: { HOME: folder } });
  t.after(() => remote.close());
  const key = createKey();
  const repository = { registry: server.host, path: "team/signed" };
  const image = await resolveDigest(remote, repository, "1");
  await sign(remote, image!, { key, repository });
  const file = join(folder, "cosign.pub");
  await writeFile(file, key.publicKey.pem);
  registry.requests.clear();
  return { folder, host: server.host, registry, keyFlags: ["--key", file] };
}

test("manifest verify tries every image once, and gives the code of the first that fails", async (t) => {
  const { folder, host, keyFlags } = await prepare(t);
  const file = join(folder, "pods.yaml");
  const images = [
    `${host}/team/signed:1`,
    `${host}/team/bare:1`,
    `${host}/team/gone:1`,
    "Not A Name",
  ];
  const pod = (names: readonly string[]): string =>
    JSON.stringify({ kind: "Pod", spec: { containers: names.map((image) => ({ image })) } });
  await writeFile(file, `${pod([...images, images[0]!])}\n`);
  const io = createFakeIo({ env: { HOME: folder } });
  assert.equal(await runTask(manifestVerify, [...keyFlags, file], io), 10, io.written.stderr);
  const { stdout, stderr } = io.written;
  assert.equal(stdout.split("\n").filter((line) => line.startsWith("[")).length, 1);
  assert.match(stdout, /team\/signed/u);
  assert.ok(stderr.includes(`Extracted image(s): ${images.join(", ")}\n`), stderr);
  assert.match(stderr, /Error: \S+team\/bare:1: no signatures found/u);
  assert.match(stderr, /Error: \S+team\/gone:1: image tag not found/u);
  assert.match(stderr, /pods\.yaml: document 1: spec\.containers\[3\]\.image: Cannot parse/u);

  const input = createFakeIo({ env: { HOME: folder }, stdin: pod(images.slice(0, 1)) });
  assert.equal(await runTask(manifestVerify, [...keyFlags, "-"], input), 0);
});

test("manifest verify of nothing is no success, and one wrong name among good ones is none", async (t) => {
  const { folder, host, keyFlags } = await prepare(t);
  const verify = async (stdin: string): Promise<readonly [number, string]> => {
    const io = createFakeIo({ env: { HOME: folder }, stdin });
    return [await runTask(manifestVerify, [...keyFlags, "-"], io), io.written.stderr];
  };
  assert.deepEqual(await verify("kind: Service"), [1, "Error: no images found in manifest\n"]);
  assert.equal((await verify("a: [1"))[0], 2);
  const containers = `[{image: "${host}/team/signed:1"}, {image: "$IMAGE"}]`;
  assert.equal((await verify(`kind: Pod\nspec: {containers: ${containers}}`))[0], 2);
});

test("dockerfile verify tries every image that the build uses, or the base image only", async (t) => {
  const { folder, host, keyFlags } = await prepare(t);
  const file = join(folder, "Dockerfile");
  await writeFile(
    file,
    `ARG V\nFROM ${host}/team/bare:1 AS build\nFROM ${host}/team/signed:\${V:-1} AS base\n` +
      `FROM base\nCOPY --from=build /a /a\n`,
  );
  const verify = async (...flags: string[]): Promise<readonly [number, string]> => {
    const io = createFakeIo({ env: { HOME: folder } });
    return [await runTask(dockerfileVerify, [...keyFlags, ...flags, file], io), io.written.stderr];
  };
  assert.equal((await verify())[0], 10);
  assert.equal((await verify("--base-image-only"))[0], 0);
  assert.equal((await verify("--base-image-only", "--build-arg", "V=2"))[0], 11);
  await writeFile(file, "FROM scratch\n");
  const [code, stderr] = await verify();
  assert.equal(code, 1);
  assert.match(stderr, /Error: no images found in Dockerfile\n$/u);
});
