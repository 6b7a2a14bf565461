import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { encodeText } from "../../lib/base/bytes.ts";
import { sha256Hex } from "../../lib/base/hash.ts";
import { task as bundleCreate } from "../../scripts/bundle_create.ts";
import { task as bundleUpgrade } from "../../scripts/bundle_upgrade.ts";
import { task as initialize } from "../../scripts/initialize.ts";
import { task as signingConfigCreate } from "../../scripts/signing_config_create.ts";
import { task as trustedRootCreate } from "../../scripts/trusted_root_create.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { createTufMirror } from "../support/tuf_mirror.ts";

const SINCE = "start-time=2026-01-01T00:00:00Z";
const ROOT = {
  mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  tlogs: [{ baseUrl: "https://log.test" }],
  timestampAuthorities: [{ uri: "https://tsa.test" }],
};

interface World {
  readonly at: (name: string) => string;
  readonly mirror: string;
  readonly root: Uint8Array;
  readonly run: <Options>(
    task: Task<Options>,
    words: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

/** A folder with a TUF repository in it, and a cache that is its own. */
async function open(t: TestContext, targets: Readonly<Record<string, unknown>>): Promise<World> {
  const folder = await temporaryFolder(t);
  const at = (name: string): string => join(folder, name);
  const mirror = createTufMirror({
    targets: Object.fromEntries(
      Object.entries(targets).map(([name, value]) => [name, encodeText(JSON.stringify(value))]),
    ),
  });
  for (const [path, bytes] of mirror.files) {
    await mkdir(dirname(at(`mirror/${path}`)), { recursive: true });
    await writeFile(at(`mirror/${path}`), bytes);
  }
  await writeFile(at("root.json"), mirror.root);
  return {
    at,
    mirror: pathToFileURL(at("mirror")).href,
    root: mirror.root,
    async run(task, words, env = {}) {
      const io = createFakeIo({ env: { TUF_ROOT: at("cache"), ...env } });
      return { code: await runTask(task, words, io), ...io.written };
    },
  };
}

test("initialize keeps what a mirror in a folder says, and offline runs use it", async (t) => {
  const { at, mirror, run } = await open(t, { "trusted_root.json": ROOT });
  const made = await run(initialize, ["--mirror", mirror, "--root", at("root.json")]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /has no signing_config/u);
  assert.deepEqual(JSON.parse(await readFile(at("cache/remote.json"), "utf8")), { mirror });
  const words = ["--with-default-services", "--offline", "--no-default-tsa"];
  const { code, stdout, stderr } = await run(trustedRootCreate, words);
  assert.equal(code, 0, stderr);
  const { timestampAuthorities: _, ...rest } = ROOT;
  assert.deepEqual(JSON.parse(stdout), rest);
});

test("offline and without a cache the embedded root is used, and said so", async (t) => {
  const { run } = await open(t, {});
  const words = ["--with-default-services", "--offline"];
  const { code, stdout, stderr } = await run(trustedRootCreate, words);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /offline: using the embedded trusted_root\.json/u);
  assert.match(stdout, /https:\/\/rekor\.sigstore\.dev/u);
});

test("of another mirror nothing is embedded: offline it must have been initialized", async (t) => {
  const { mirror, run } = await open(t, { "trusted_root.json": ROOT });
  const words = ["--with-default-services", "--offline"];
  const { code, stderr } = await run(trustedRootCreate, words, { TUF_MIRROR: mirror });
  assert.equal(code, 1);
  assert.match(stderr, /run initialize/u);
});

test("a root is taken only with the checksum that was asked for", async (t) => {
  const { at, mirror, root, run } = await open(t, { "trusted_root.json": ROOT });
  const words = ["--mirror", mirror, "--root", at("root.json"), "--root-checksum"];
  const good = sha256Hex(root);
  for (const checksum of [good, `sha256:${good}`]) {
    assert.equal((await run(initialize, [...words, checksum])).code, 0);
  }
  for (const checksum of ["0".repeat(64), `sha512:${good}`, "md5:00"]) {
    assert.equal((await run(initialize, [...words, checksum])).code, 2, checksum);
  }
});

test("what cannot be initialized leaves no note", async (t) => {
  const { at, mirror, run } = await open(t, { "other.json": {} });
  for (
    const [words, code] of [
      [["--mirror", mirror], 2],
      [["--mirror", "gs://bucket"], 2],
      [["--staging"], 2],
      [["--mirror", mirror, "--root", at("none")], 2],
      [["--mirror", mirror, "--root", "http://127.0.0.1:1/root.json"], 2],
      [["--mirror", mirror, "--root", at("root.json")], 1],
      [["--mirror", pathToFileURL(at("none")).href, "--root", at("root.json")], 1],
    ] as const
  ) {
    const ended = await run(initialize, words);
    assert.equal(ended.code, code, `${words.join(" ")}: ${ended.stderr}`);
  }
  await assert.rejects(readFile(at("cache/remote.json")), { code: "ENOENT" });
});

test("descriptions of services that cannot be meant are refused, with exit code 2", async (t) => {
  const { at, run } = await open(t, {});
  await writeFile(at("empty"), "");
  const log = (...parts: readonly string[]) => ["url=https://a.test", ...parts].join(",");
  const service = `url=https://a.test,api-version=1,${SINCE},operator=x`;
  // deno-lint-ignore no-explicit-any
  const refused: readonly (readonly [Task<any>, readonly string[]])[] = [
    [trustedRootCreate, ["--rekor", "nonsense"]],
    [trustedRootCreate, ["--rekor", log(SINCE)]],
    [trustedRootCreate, ["--rekor", log(SINCE, `public-key=${at("none")}`)]],
    [trustedRootCreate, ["--rekor", log("start-time=soon", `public-key=${at("root.json")}`)]],
    [trustedRootCreate, ["--fulcio", log(`certificate-chain=${at("empty")}`)]],
    [trustedRootCreate, ["--fulcio", log(`certificate-chain=${at("none")}`)]],
    [trustedRootCreate, ["--fulcio", log("colour=blue")]],
    [signingConfigCreate, ["--rekor", service]],
    [signingConfigCreate, ["--tsa", service]],
    [signingConfigCreate, ["--fulcio", service.replace("https:", "file:")]],
    [signingConfigCreate, ["--fulcio", service.replace("=1,", "=one,")]],
    [signingConfigCreate, ["--rekor", service, "--rekor-config", "EXACT"]],
    [signingConfigCreate, ["--rekor", service, "--rekor-config", "SOME"]],
    [signingConfigCreate, ["--base-config", "x", "--with-default-services"]],
    [bundleCreate, []],
    [bundleCreate, ["--artifact", at("empty")]],
    [bundleCreate, ["--artifact", at("empty"), "--bundle", at("empty"), "--ignore-tlog"]],
    [bundleCreate, ["--artifact", at("empty"), "--signature", at("root.json"), "--ignore-tlog"]],
    [bundleUpgrade, [at("none")]],
  ];
  for (const [task, words] of refused) {
    const { code, stdout, stderr } = await run(task, words);
    assert.deepEqual([code, stdout], [2, ""], `${task.name} ${words.join(" ")}: ${stderr}`);
  }
});

test("a base config's services give way to those that are named", async (t) => {
  const { at, run } = await open(t, {});
  const service = (name: string) => `url=https://${name}.test,api-version=1,${SINCE},operator=x`;
  const base = at("base.json");
  const made = await run(signingConfigCreate, [
    ...["--fulcio", service("ca"), "--rekor", service("old"), "--rekor-config", "ALL"],
    ...["--out", base],
  ]);
  assert.equal(made.code, 0, made.stderr);
  const other = await run(signingConfigCreate, [
    ...["--base-config", base, "--rekor", service("new"), "--rekor-config", "ANY"],
  ]);
  const { caUrls, rekorTlogUrls, rekorTlogConfig } = JSON.parse(other.stdout) as {
    caUrls: { url: string }[];
    rekorTlogUrls: { url: string }[];
    rekorTlogConfig: unknown;
  };
  assert.deepEqual([...caUrls, ...rekorTlogUrls].map(({ url }) => url), [
    "https://ca.test",
    "https://new.test",
  ]);
  assert.deepEqual(rekorTlogConfig, { selector: "ANY" });
  const without = await run(signingConfigCreate, ["--base-config", base, "--no-default-rekor"]);
  assert.ok(!without.stdout.includes("old.test"));
});
