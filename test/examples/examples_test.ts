import assert from "node:assert/strict";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { runScript } from "../support/run_script.ts";
import { serveImages } from "../support/served_registry.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const PASSWORD = { COSIGN_PASSWORD: "secret" };

/** Stand in for a program that the example calls. */
async function standIn(folder: string, name: string, script: string): Promise<void> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

test("examples/sign_after_push.ts pushes, signs what was pushed, and verifies it", async (t) => {
  const folder = await temporaryFolder(t);
  const { registry, server } = await serveImages(["team/app:1.0"]);
  t.after(() => server.close());
  await runScript("scripts/generate_key_pair.ts", [], { cwd: folder, env: PASSWORD });
  await standIn(folder, "docker", `echo "$@" >> ${folder}/docker.log`);
  await standIn(folder, "git", "echo 0123456789abcdef");
  const image = `${server.host}/team/app:1.0`;

  const { code, stdout, stderr } = await runScript("examples/sign_after_push.ts", [
    "cosign.key",
    image,
  ], { cwd: folder, env: { ...PASSWORD, PATH: folder + delimiter + process.env["PATH"] } });

  assert.equal(code, 0, stderr);
  assert.match(stdout, /^127\.0\.0\.1:\d+\/team\/app:1\.0@sha256:[0-9a-f]{64}: verified\n$/u);
  assert.equal(await readFile(join(folder, "docker.log"), "utf8"), `push ${image}\n`);
  assert.ok(registry.tags("team/app").some((tag) => tag.endsWith(".sig")));
});

test("examples/nightly.ts verifies what kubectl lists, keeps a report, and fails if something is unsigned", async (t) => {
  const folder = await temporaryFolder(t);
  const { server } = await serveImages(["team/app:1.0", "team/unsigned:1.0"]);
  t.after(() => server.close());
  await runScript("scripts/generate_key_pair.ts", [], { cwd: folder, env: PASSWORD });
  const signed = `${server.host}/team/app:1.0`;
  await runScript("scripts/sign.ts", ["--key", "cosign.key", signed], {
    cwd: folder,
    env: PASSWORD,
  });
  await standIn(
    folder,
    "kubectl",
    `printf '%s %s %s' ${signed} ${server.host}/team/unsigned:1.0 ${signed}`,
  );

  const { code, stdout, stderr } = await runScript(
    "examples/nightly.ts",
    ["cosign.pub", "reports"],
    {
      cwd: folder,
      env: { PATH: folder + delimiter + process.env["PATH"] },
    },
  );

  assert.equal(code, 1, stderr);
  assert.match(stdout, /^unsigned {2}127\.0\.0\.1:\d+\/team\/unsigned:1\.0 /u);
  assert.match(stdout, /1 of 2 images are verified\n$/u);
  const [report = ""] = await readdir(join(folder, "reports"));
  const { summary } = JSON.parse(await readFile(join(folder, "reports", report), "utf8")) as {
    summary: { images: number; verified: number; unsigned: number };
  };
  assert.deepEqual([summary.images, summary.verified, summary.unsigned], [2, 1, 1]);
});
