import assert from "node:assert/strict";
import { test } from "node:test";
import { runTask } from "../../scripts/command/task.ts";
import { task as env } from "../../scripts/env.ts";
import { task as version } from "../../scripts/version.ts";
import { VERSION } from "../../lib/base/version.ts";
import { createFakeIo } from "../support/fake_io.ts";

async function printed(variables: Readonly<Record<string, string>>, ...flags: string[]) {
  const io = createFakeIo({ env: variables });
  assert.equal(await runTask(env, flags, io), 0, io.written.stderr);
  return io.written.stdout;
}

test("env shows what each variable is for, and secrets only when asked to", async () => {
  const variables = {
    COSIGN_PASSWORD: "s3cret",
    COSIGN_REPOSITORY: "r.example/s",
    COSIGN_KEY: "k",
  };
  const text = await printed(variables);
  assert.match(text, /^# COSIGN_PASSWORD overrides .*\n# Expects: .*\nCOSIGN_PASSWORD=\*{6}\n/mu);
  assert.match(text, /^COSIGN_REPOSITORY=r\.example\/s\n/mu);
  assert.ok(text.endsWith("influence cosign's behavior.\nCOSIGN_KEY=******\n"));
  assert.ok(!text.includes("s3cret"));
  assert.match(await printed(variables, "--show-sensitive-values"), /^COSIGN_PASSWORD=s3cret$/mu);
});

test("env without descriptions prints assignments only, each on a line of its own", async () => {
  const text = await printed({ TUF_ROOT: "a\nCOSIGN_PASSWORD=b" }, "--show-descriptions=false");
  const lines = text.trimEnd().split("\n");
  assert.equal(lines.length, 29);
  for (const line of lines) assert.match(line, /^[A-Z0-9_]+=/u);
});

test("env --all lists docker's variables and our own as well, and any flag's that is set", async () => {
  const variables = { DOCKER_CONFIG: "/d", COSIGN_SIGNATURE_REPOSITORY: "a.example=b.example/s" };
  const text = await printed(variables, "--all");
  assert.match(text, /^# DOCKER_CONFIG .*\n# Expects: .*\nDOCKER_CONFIG=\/d$/mu);
  assert.match(text, /^COSIGN_SIGNATURE_REPOSITORY=a\.example=b\.example\/s$/mu);
  assert.doesNotMatch(text, /not registered/u);
  const without = await printed(variables);
  assert.doesNotMatch(without, /DOCKER_CONFIG/u);
  assert.match(without, /^COSIGN_SIGNATURE_REPOSITORY=\*{6}$/mu);
});

test("version prints what scripts read from cosign's", async () => {
  const text = createFakeIo();
  assert.equal(await runTask(version, [], text), 0);
  assert.match(text.written.stdout, new RegExp(`^GitVersion: {4}v${VERSION}$`, "mu"));
  const json = createFakeIo();
  assert.equal(await runTask(version, ["--json"], json), 0);
  const { gitVersion } = JSON.parse(json.written.stdout) as { gitVersion: string };
  assert.equal(gitVersion, `v${VERSION}`);
});
