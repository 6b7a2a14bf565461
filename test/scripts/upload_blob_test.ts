import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { runTask } from "../../scripts/command/task.ts";
import { task } from "../../scripts/upload_blob.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { type ServedRegistry, serveImages } from "../support/served_registry.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** A registry, and a folder with the session's file in it. */
async function prepare(
  context: TestContext,
): Promise<ServedRegistry & { readonly file: (name: string) => string }> {
  const served = await serveImages([]);
  context.after(() => served.server.close());
  const folder = await temporaryFolder(context);
  const file = (name: string): string => join(folder, name);
  await writeFile(file("artefact"), "my test artefact\n");
  await writeFile(file("page"), "<html><body>");
  return { ...served, file };
}

async function upload(args: readonly string[]) {
  const io = createFakeIo();
  return { code: await runTask(task, args, io), ...io.written };
}

test("upload blob prints what cosign prints: the digest alone on standard output", async (context) => {
  const { registry, server, file } = await prepare(context);
  const image = `${server.host}/mzali/artefact`;
  const digest = "sha256:9643a4ca8f578534a523ee17fd59f1181596e63aebcb630daa7b0de0c6de7dc1";
  const blob = "sha256:fe86c72fcb5951a71af9d8033c30320c2509f9898b2bf3d45793e89696bb8d6b";
  assert.deepEqual(await upload(["-f", file("artefact"), image]), {
    code: 0,
    stdout: `${image}@${digest}\n`,
    stderr: [
      `Uploading file from [${file("artefact")}] to [${image}:latest] with media type [text/plain]`,
      `File [${file("artefact")}] is available directly at ` +
      `[${server.host}/v2/mzali/artefact/blobs/${blob}]`,
      "Uploaded image to:",
      "",
    ].join("\n"),
  });
  assert.equal(registry.manifest("mzali/artefact", "latest")?.digest, digest);
});

test("upload blob gives the digest of cosign 1.3.1's session with --compat 1.3", async (context) => {
  const { server, file } = await prepare(context);
  const image = `${server.host}/mzali/artefact`;
  const { code, stdout } = await upload(["--compat", "1.3", "-f", file("artefact"), image]);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `${image}@sha256:25ca0d9c2f4e70ce3bfba7891065dfef09760d2cbace7a2d21fb13c569902133\n`,
  );
});

test("upload blob makes one index of several files, and prints nothing for scripts", async (context) => {
  const { registry, server, file } = await prepare(context);
  const image = `${server.host}/mzali/tool:1.0`;
  const { code, stdout, stderr } = await upload([
    ...["-f", `${file("artefact")}:linux/arm/v7`, "-f", `${file("page")}:darwin/arm64`],
    ...["-a", "a=b", image],
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /with media type \[text\/html\]/u);
  const { bytes, digest } = registry.manifest("mzali/tool", "1.0")!;
  assert.ok(
    stderr.endsWith(`Uploading multi-platform index to ${server.host}/mzali/tool@${digest}\n`),
  );
  const index = JSON.parse(new TextDecoder().decode(bytes)) as {
    manifests: readonly { platform: unknown }[];
    annotations: unknown;
  };
  assert.deepEqual(index.manifests.map(({ platform }) => platform), [
    { architecture: "arm", os: "linux", variant: "v7" },
    { architecture: "arm64", os: "darwin" },
  ]);
  assert.deepEqual(index.annotations, { a: "b" });
  assert.deepEqual(registry.tags("mzali/tool"), ["1.0"]);
});

test("upload blob refuses what it cannot upload before it writes anything", async (context) => {
  const { registry, server, file } = await prepare(context);
  const image = `${server.host}/mzali/tool`;
  const one = file("artefact");
  for (
    const args of [
      ["-f", one, "-f", `${one}:linux/amd64`, image],
      ["-f", `${one}:linux/amd64`, "-f", `${one}:linux/amd64`, image],
      ["-f", file("missing"), image],
      ["-f", file("."), image],
      ["-f", one, `${image}@sha256:${"0".repeat(64)}`],
      ["-f", one, "--compat", "2.0", image],
      [image],
    ]
  ) {
    const { code, stdout, stderr } = await upload(args);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
  }
  assert.deepEqual(registry.tags("mzali/tool"), []);
});
