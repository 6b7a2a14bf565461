import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import type { RegistryAuth } from "../../lib/registry/memory.ts";
import { runTask } from "../../scripts/command/task.ts";
import { task } from "../../scripts/login.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { serveImages } from "../support/served_registry.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const BASIC: RegistryAuth = { kind: "basic", username: "fleet", password: "s3cret:x" };
const AUTH = btoa("fleet:s3cret:x");

async function prepare(t: TestContext, auth: RegistryAuth = BASIC) {
  const folder = await temporaryFolder(t);
  const { server } = await serveImages([], { auth });
  t.after(() => server.close());
  const env = { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env["PATH"]}` };
  const login = async (stdin: string, ...flags: string[]) => {
    const io = createFakeIo({ env, stdin });
    const words = [server.host, "-u", "fleet", ...flags];
    return { code: await runTask(task, words, io), ...io.written };
  };
  return { folder, file: join(folder, "config.json"), host: server.host, login };
}

for (const kind of ["basic", "bearer"] as const) {
  test(`login writes what docker writes, for its owner only, if ${kind} auth takes it`, async (t) => {
    const { folder, file, host, login } = await prepare(t, { ...BASIC, kind });
    const { code, stdout, stderr } = await login("s3cret:x\r\n", "--password-stdin");
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "");
    assert.ok(stderr.endsWith(`logged in via ${file}\n`));
    assert.equal(
      await readFile(file, "utf8"),
      `{\n\t"auths": {\n\t\t"${host}": {\n\t\t\t"auth": "${AUTH}"\n\t\t}\n\t}\n}`,
    );
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ["config.json"]);
  });

  test(`login writes nothing that ${kind} auth refuses, and shows no password`, async (t) => {
    const { folder, login } = await prepare(t, { ...BASIC, kind });
    const { code, stdout, stderr } = await login("", "-p", "wr0ng");
    assert.equal(code, 1);
    assert.ok(!(stdout + stderr).includes("wr0ng"));
    assert.deepEqual(await readdir(folder), []);
  });
}

test("login keeps what else the file holds, follows a link, and replaces other spellings", async (t) => {
  const { folder, file, host, login } = await prepare(t);
  const real = join(folder, "real.json");
  const auths = { "https://ghcr.io": { auth: "eA==" }, [`https://${host}/v2/`]: { auth: "b2xk" } };
  await writeFile(real, JSON.stringify({ auths, psFormat: "x", nested: { a: [1] } }));
  await symlink(real, file);
  assert.equal((await login("s3cret:x", "--password-stdin")).code, 0);
  assert.deepEqual(JSON.parse(await readFile(real, "utf8")), {
    auths: { [host]: { auth: AUTH }, "https://ghcr.io": { auth: "eA==" } },
    psFormat: "x",
    nested: { a: [1] },
  });
  assert.equal((await stat(real)).mode & 0o777, 0o600);
});

test("login gives the password to the helper, and leaves none in the file", async (t) => {
  const { folder, file, host, login } = await prepare(t);
  const helper = join(folder, "docker-credential-try");
  await writeFile(helper, `#!/bin/sh\necho "$1" > "${folder}/seen"\ncat >> "${folder}/seen"\n`);
  await chmod(helper, 0o755);
  await writeFile(file, JSON.stringify({ credHelpers: { [host]: "try" }, credsStore: "other" }));
  const { code, stderr } = await login("s3cret:x", "--password-stdin");
  assert.equal(code, 0, stderr);
  assert.equal(
    await readFile(join(folder, "seen"), "utf8"),
    `store\n{"ServerURL":"${host}","Username":"fleet","Secret":"s3cret:x"}`,
  );
  const { auths } = JSON.parse(await readFile(file, "utf8")) as { auths: unknown };
  assert.deepEqual(auths, { [host]: {} });

  await writeFile(helper, "#!/bin/sh\necho s3cret:x; exit 1\n");
  const before = await readFile(file, "utf8");
  const failed = await login("s3cret:x", "--password-stdin");
  assert.equal(failed.code, 2);
  assert.ok(!failed.stderr.includes("s3cret"));
  assert.equal(await readFile(file, "utf8"), before);
});

test("login refuses a broken file, no password, two passwords, and what is no registry", async (t) => {
  const { folder, file, login } = await prepare(t);
  assert.equal((await login("")).code, 2);
  assert.equal((await login("", "--password-stdin")).code, 2);
  assert.equal((await login("x", "-p", "x", "--password-stdin")).code, 2);
  await mkdir(join(folder, "empty"));
  for (
    const server of ["registry.example/app", "https://registry.example", "word", "a b.example"]
  ) {
    const io = createFakeIo({ env: { DOCKER_CONFIG: folder } });
    assert.equal(await runTask(task, [server, "-u", "a", "-p", "b"], io), 2, server);
  }
  await writeFile(file, '{"auths": {"x": {"auth": "c2VjcmV0"');
  const broken = await login("s3cret:x", "--password-stdin");
  assert.equal(broken.code, 2);
  assert.ok(!broken.stderr.includes("c2Vj"));
});
