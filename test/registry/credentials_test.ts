import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile as readDisk, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import {
  type Credentials,
  dockerCredentials,
  type DockerCredentialsOptions,
} from "../../lib/registry/credentials.ts";

const HOME = "/home/ann";
const CONFIG = `${HOME}/.docker/config.json`;

const basic = (username: string, password: string): Credentials => ({
  kind: "basic",
  username,
  password,
});
const auth = (pair: string) => ({ auth: encodeBase64(encodeText(pair)) });

/** Files in memory, and how often each was read. */
function files(contents: Readonly<Record<string, unknown>>) {
  const reads: string[] = [];
  const readFile = (path: string): Promise<Uint8Array> => {
    reads.push(path);
    const content = contents[path];
    if (content === undefined) {
      return Promise.reject(Object.assign(new Error("none"), { code: "ENOENT" }));
    }
    const text = typeof content === "string" ? content : JSON.stringify(content);
    return Promise.resolve(encodeText(text));
  };
  return { readFile, reads };
}

/** Look a registry up in a configuration. */
function find(
  config: unknown,
  registry: string,
  options: Partial<DockerCredentialsOptions> = {},
): Promise<Credentials | undefined> {
  const { readFile } = files({ [CONFIG]: config });
  return dockerCredentials({ env: { HOME }, readFile, ...options })(registry);
}

/** Whether an error is ours, names what it should, and has no secret in it. */
const refused = (...names: string[]) => (error: Error & { code?: string }) => {
  assert.equal(error.code, "CREDENTIALS");
  for (const name of names) assert.ok(error.message.includes(name), error.message);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    assert.ok(!/hidden|aGlkZGVu/u.test(cause.message), cause.message);
  }
  return true;
};

describe("the file", () => {
  test("a registry is found under every spelling that docker wrote", async () => {
    for (
      const key of [
        "ghcr.io",
        "GHCR.io",
        "https://ghcr.io",
        "http://ghcr.io/",
        "https://ghcr.io/v1/",
        "https://ghcr.io/v2",
        "ghcr.io/team",
      ]
    ) {
      const auths = { "other.io": auth("x:y"), [key]: auth("ann:pw") };
      assert.deepEqual(await find({ auths }, "ghcr.io"), basic("ann", "pw"), key);
    }
    const auths = { "localhost:5000": auth("ann:pw") };
    assert.deepEqual(await find({ auths }, "localhost:5000"), basic("ann", "pw"));
    for (const other of ["localhost", "localhost:50", "ghcr.io.example"]) {
      assert.equal(await find({ auths: { ...auths, "ghcr.io": auth("a:b") } }, other), undefined);
    }
  });

  test("Docker Hub is one registry of several names", async () => {
    const names = ["docker.io", "index.docker.io", "registry-1.docker.io"];
    for (const key of [...names, "https://index.docker.io/v1/"]) {
      for (const registry of names) {
        const auths = { [key]: auth("ann:pw") };
        assert.deepEqual(await find({ auths }, registry), basic("ann", "pw"), `${key} ${registry}`);
      }
    }
  });

  test("a registry's own entry comes before one of a part of it, and empty ones do not count", async () => {
    const auths = {
      "ghcr.io/team": auth("part:pw"),
      "ghcr.io": {},
      "https://ghcr.io/v2/": auth("own:pw"),
    };
    assert.deepEqual(await find({ auths }, "ghcr.io"), basic("own", "pw"));
    assert.equal(await find({ auths: { "ghcr.io": {} } }, "ghcr.io"), undefined);
  });

  test("all kinds of credentials are read", async () => {
    const kinds: [entry: unknown, credentials: Credentials][] = [
      [auth("ann:p:w"), basic("ann", "p:w")],
      [auth("ann:pw\0\0"), basic("ann", "pw")],
      [{ username: "ann", password: "pw" }, basic("ann", "pw")],
      [{ ...auth("ann:pw"), username: "bob", password: "x" }, basic("ann", "pw")],
      [{ ...auth("0000:"), identitytoken: "id" }, { kind: "identity-token", token: "id" }],
      [{ registrytoken: "reg", identitytoken: "id" }, { kind: "bearer", token: "reg" }],
      [{ ...auth("ann:pw"), email: null, identitytoken: null }, basic("ann", "pw")],
    ];
    for (const [entry, credentials] of kinds) {
      assert.deepEqual(await find({ auths: { "ghcr.io": entry } }, "ghcr.io"), credentials);
    }
  });

  test("the first of the usual files that exists is read, once", async () => {
    const config = (name: string) => ({ auths: { "ghcr.io": auth(`${name}:pw`) } });
    const usual: [path: string, name: string][] = [
      ["/docker/config.json", "docker"],
      ["/podman.json", "file"],
      ["/run/containers/auth.json", "run"],
    ];
    const env = {
      HOME,
      DOCKER_CONFIG: "/docker",
      REGISTRY_AUTH_FILE: "/podman.json",
      XDG_RUNTIME_DIR: "/run",
    };
    for (let skipped = 0; skipped < usual.length; skipped++) {
      const there = usual.slice(skipped).map(([path, name]) => [path, config(name)]);
      // $DOCKER_CONFIG stands in for the home folder's.
      const { readFile, reads } = files({ ...Object.fromEntries(there), [CONFIG]: config("home") });
      const source = dockerCredentials({ env, readFile });
      assert.deepEqual(await source("ghcr.io"), basic(usual[skipped]![1], "pw"));
      await Promise.all([source("ghcr.io"), source("other.io"), source("docker.io")]);
      assert.deepEqual(reads, usual.slice(0, skipped + 1).map(([path]) => path));
    }
    assert.deepEqual(await find(config("home"), "ghcr.io"), basic("home", "pw"));
    assert.equal(await dockerCredentials({ env: {}, ...files({}) })("ghcr.io"), undefined);
  });

  test("a file that was named must exist", async () => {
    const configPath = "/named.json";
    await assert.rejects(find({}, "ghcr.io", { configPath }), refused(configPath, "ENOENT"));
    const { readFile } = files({ [configPath]: { auths: { "ghcr.io": auth("a:b") } } });
    const found = await find({}, "ghcr.io", { configPath, readFile });
    assert.deepEqual(found, basic("a", "b"));
  });

  test("an empty file has no credentials", async () => {
    assert.equal(await find("", "ghcr.io"), undefined);
    assert.equal(await find({ auths: null }, "ghcr.io"), undefined);
  });

  test("a malformed file is refused by name, and nothing of it is shown", async () => {
    const malformed = [
      '{"auths": {"ghcr.io": {"auth": "hidden" "x"}}}',
      '{"auths": "hidden"}',
      '{"auths": {"ghcr.io": {"auth": {"hidden": 1}}}}',
      '{"auths": {"ghcr.io": {"auth": "hidden*"}}}',
      `{"auths": {"ghcr.io": ${JSON.stringify(auth("hidden"))}}}`,
      `{"auths": {"ghcr.io": {"auth": "${encodeBase64(Uint8Array.of(0xff, 0x3a))}"}}}`,
      '{"credsStore": "../hidden"}',
      '{"credHelpers": {"ghcr.io": "a b;hidden"}}',
    ];
    for (const config of malformed) {
      await assert.rejects(find(config, "ghcr.io"), refused(CONFIG), config);
    }
  });
});

describe("helpers", () => {
  /** A folder with helpers, each a shell script. */
  async function helpers(t: TestContext, scripts: Readonly<Record<string, string>>) {
    const folder = await mkdtemp(join(tmpdir(), "sigfleet-helpers-"));
    t.after(() => rm(folder, { recursive: true }));
    for (const [name, script] of Object.entries(scripts)) {
      const path = join(folder, `docker-credential-${name}`);
      await writeFile(path, `#!/bin/sh\n${script}\n`);
      await chmod(path, 0o755);
    }
    return { HOME, PATH: `${folder}:/usr/bin:/bin`, FOLDER: folder };
  }

  test("a helper is asked on its standard input, once for each registry", async (t) => {
    const env = await helpers(t, {
      store: `read server; echo "$1 $server" >> "$FOLDER/log"
        echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"ann\\",\\"Secret\\":\\"for $server\\"}"`,
    });
    const { readFile } = files({ [CONFIG]: { credsStore: "store" } });
    const source = dockerCredentials({ env, readFile });
    const answers = await Promise.all([source("ghcr.io"), source("ghcr.io"), source("docker.io")]);
    assert.deepEqual(answers, [
      basic("ann", "for ghcr.io"),
      basic("ann", "for ghcr.io"),
      basic("ann", "for https://index.docker.io/v1/"),
    ]);
    assert.deepEqual(await source("ghcr.io"), basic("ann", "for ghcr.io"));
    const log = (await readDisk(join(env.FOLDER, "log"), "utf8")).trim().split("\n").sort();
    assert.deepEqual(log, ["get ghcr.io", "get https://index.docker.io/v1/"]);
  });

  test("a registry's own helper comes first, and a helper before the file", async (t) => {
    const answer = (name: string) => `echo '{"Username":"${name}","Secret":"s"}'`;
    const env = await helpers(t, { own: answer("own"), common: answer("common") });
    const config = {
      credsStore: "common",
      credHelpers: { "https://ghcr.io": "own", "plain.io": "" },
      auths: { "ghcr.io": auth("file:s"), "other.io": auth("file:s"), "plain.io": auth("file:s") },
    };
    assert.deepEqual(await find(config, "ghcr.io", { env }), basic("own", "s"));
    assert.deepEqual(await find(config, "other.io", { env }), basic("common", "s"));
    assert.deepEqual(await find(config, "plain.io", { env }), basic("file", "s"));
  });

  test("the user name <token> means an identity token", async (t) => {
    const env = await helpers(t, { acr: `echo '{"Username":"<token>","Secret":"refresh"}'` });
    const found = await find({ credsStore: "acr" }, "example.azurecr.io", { env });
    assert.deepEqual(found, { kind: "identity-token", token: "refresh" });
  });

  test("a helper that has no credentials is believed", async (t) => {
    const env = await helpers(t, {
      none: "echo credentials not found in native keychain; exit 1",
      empty: `echo '{"ServerURL":"","Username":"","Secret":""}'`,
    });
    assert.equal(await find({ credsStore: "none" }, "ghcr.io", { env }), undefined);
    assert.equal(await find({ credsStore: "empty" }, "ghcr.io", { env }), undefined);
  });

  test("a helper that fails is named, and what it said is not shown", async (t) => {
    const env = await helpers(t, {
      locked: "echo hidden; echo hidden >&2; exit 3",
      garbled: `echo '{"Username":"ann","Secret":"hidden" "x"}'`,
      odd: `echo '{"Username":"ann","Secret":{"hidden":1}}'`,
      endless: "while echo hidden-hidden-hidden-hidden-hidden-hidden-hidden; do :; done",
      deaf: "exec <&-; exit 4",
      slow: "sleep 20",
    });
    const why: Readonly<Record<string, string>> = {
      locked: "status 3",
      garbled: "answer",
      odd: "answer",
      endless: "larger than",
      deaf: "status 4",
      slow: "no answer within 0.5 s",
      absent: "not on PATH",
    };
    for (const [name, reason] of Object.entries(why)) {
      const finding = find({ credsStore: name }, "ghcr.io", { env, helperMilliseconds: 500 });
      await assert.rejects(finding, refused(`docker-credential-${name}`, reason), name);
    }
  });

  test("a helper that failed is not started again in the same run", async () => {
    let runs = 0;
    const { readFile } = files({ [CONFIG]: { credsStore: "store" } });
    const source = dockerCredentials({
      env: { HOME },
      readFile,
      runHelper: () => {
        runs++;
        return Promise.reject(new Error("it is locked"));
      },
    });
    for (let count = 0; count < 3; count++) {
      await assert.rejects(source("ghcr.io"), refused("docker-credential-store", "it is locked"));
    }
    assert.equal(runs, 1);
  });
});

test("the disk is read where nothing else is given", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "sigfleet-home-"));
  t.after(() => rm(home, { recursive: true }));
  const env = { HOME: home };
  assert.equal(await dockerCredentials({ env })("ghcr.io"), undefined);
  const path = join(home, ".docker", "config.json");
  await mkdir(dirname(path));
  await writeFile(path, JSON.stringify({ auths: { "ghcr.io": auth("ann:pw") } }));
  assert.deepEqual(await dockerCredentials({ env })("ghcr.io"), basic("ann", "pw"));
  await rm(path);
  await mkdir(path);
  await assert.rejects(dockerCredentials({ env })("ghcr.io"), refused(path, "EISDIR"));
});
