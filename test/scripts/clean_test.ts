/** clean over the embedded registry. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { attachmentTag } from "../../lib/reference/triangulate.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistryOptions } from "../../lib/registry/memory.ts";
import { task as clean } from "../../scripts/clean.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as generate } from "../../scripts/generate_key_pair.ts";
import { task as sign } from "../../scripts/sign.ts";
import { task as verify } from "../../scripts/verify.ts";
import { createFakeIo, type FakeIo } from "../support/fake_io.ts";
import { jsonBytes } from "../support/images.ts";
import { serveImages } from "../support/served_registry.ts";
import { countWrites } from "../support/stored_signatures.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { START } from "../support/test_clock.ts";

const FOLDER = await temporaryFolder({ after });
const at = (name: string): string => join(FOLDER, name);
const KEY = ["--key", at("cosign.key")];
const PUBLIC_KEY = ["--key", at("cosign.pub")];

async function run<Options>(
  task: Task<Options>,
  words: readonly string[],
  settings: Parameters<typeof createFakeIo>[0] = {},
  change: (io: FakeIo) => FakeIo = (io) => io,
) {
  const env = { COSIGN_PASSWORD: "", ...settings.env };
  const io = change(createFakeIo({ ...settings, env }));
  return { code: await runTask(task, words, io), ...io.written };
}

for (const name of ["cosign", "other"]) {
  assert.equal((await run(generate, ["--output-key-prefix", at(name)])).code, 0);
}

/** A registry with images that are signed in both formats. */
async function setUp(
  context: TestContext,
  tags: readonly string[] = ["1.0"],
  options: MemoryRegistryOptions = {},
) {
  const { server, registry } = await serveImages(tags.map((tag) => `team/app:${tag}`), options);
  context.after(() => server.close());
  const images = tags.map((tag) => `${server.host}/team/app:${tag}`);
  const signAs = async (key: readonly string[], words: readonly string[] = images) => {
    const signed = await run(sign, [...key, "--format", "both", ...words]);
    assert.equal(signed.code, 0, signed.stderr);
  };
  await signAs(KEY);
  return { host: server.host, registry, images, signAs };
}

test("clean asks cosign's question, and does nothing unless the answer is y", async (t) => {
  const { registry, images } = await setUp(t);
  const writes = countWrites(registry);
  const answers = [["", /declined/u], ["n\n", /declined/u], ["maybe\ny", /invalid input "maybe"/u]];
  for (const [stdin, why] of answers as [string, RegExp][]) {
    const { code, stdout, stderr } = await run(clean, images, { stdin });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      /^WARNING: this will remove all signatures, SBOMs and attestations from the image\nAre you sure you would like to continue\? \[y\/N\] Error: /u,
    );
    assert.match(stderr, why);
  }
  assert.equal(countWrites(registry), writes);
  const yes = await run(clean, ["--type=referrer", ...images], { stdin: "y\n" });
  assert.equal(yes.code, 0);
  assert.match(
    yes.stderr,
    /all referrer attestations and\/or signatures[^\n]*\n[^\n]*\[y\/N\] Removed /u,
  );
});

test("clean asks on the terminal where there is one", async (t) => {
  const { registry, images } = await setUp(t);
  for (const [answer, code] of [["n", 1], ["Y", 0]] as const) {
    const questions: string[] = [];
    const done = await run(clean, images, {}, (io) => ({
      ...io,
      stdin: {
        ...io.stdin,
        isTTY: true,
        ask(question) {
          questions.push(question);
          return Promise.resolve(answer);
        },
      },
    }));
    assert.equal(done.code, code, done.stderr);
    assert.deepEqual(questions, ["Are you sure you would like to continue? [y/N] "]);
  }
  assert.deepEqual(registry.tags("team/app"), ["1.0"]);
});

test("clean removes what it says, and cosign's words say it", async (t) => {
  const { registry, host, images: [image = ""] } = await setUp(t);
  const { digest } = registry.manifest("team/app", "1.0")!;
  const { code, stdout, stderr } = await run(clean, ["-f", image]);
  assert.deepEqual([code, stdout], [0, ""]);
  const [tag, referrer, ...more] = stderr.trim().split("\n");
  const name = `${host}/team/app:${attachmentTag(digest, "sig")}`;
  assert.equal(tag, `Removed ${name} from ${image}`);
  assert.match(referrer!, /^Removed [^ ]+\/team\/app@sha256:[0-9a-f]{64} from [^ ]+:1\.0$/u);
  assert.deepEqual(more, []);
  assert.equal((await run(verify, [...PUBLIC_KEY, image])).code, 10);
  const again = await run(clean, ["-f", image]);
  assert.deepEqual([again.code, again.stderr], [0, `Nothing to remove from ${image}\n`]);
  await run(sign, [...KEY, image]);
  assert.equal((await run(verify, [...PUBLIC_KEY, image])).code, 0);
});

test("clean --dry-run asks nothing, writes nothing, and prints what would go", async (t) => {
  const { registry, images } = await setUp(t, ["1.0", "2.0"]);
  const writes = countWrites(registry);
  const { code, stdout, stderr } = await run(clean, ["--dry-run", ...images]);
  assert.deepEqual([code, stderr], [0, ""]);
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, 4);
  for (const [index, line] of lines.entries()) {
    assert.match(line, /^Would remove /u);
    assert.ok(line.endsWith(` from ${images[Math.floor(index / 2)]}`));
  }
  assert.equal(countWrites(registry), writes);
});

test("clean --key leaves other signers' signatures, and COSIGN_KEY is not for it", async (t) => {
  const { images, signAs } = await setUp(t);
  await signAs(["--key", at("other.key")]);
  const { code, stderr } = await run(clean, ["-f", "--key", at("other.pub"), ...images]);
  assert.equal(code, 0);
  assert.match(stderr, /^Removed layer sha256:[0-9a-f]{64} of .*\.sig from /u);
  assert.equal((await run(verify, [...PUBLIC_KEY, ...images])).code, 0);
  assert.equal((await run(verify, ["--key", at("other.pub"), ...images])).code, 12);
  // Users have it set for `sign`, often to the key itself.
  const env = { COSIGN_KEY: "secret", COSIGN_DRY_RUN: "1", COSIGN_FORCE: "true" };
  assert.equal((await run(clean, images, { env })).code, 0);
  assert.equal((await run(verify, [...PUBLIC_KEY, ...images])).code, 10);
});

test("clean --older-than keeps what does not say its age, and says so", async (t) => {
  const { registry, images } = await setUp(t);
  const later = async (days: number, words: readonly string[]) =>
    await run(clean, [...words, ...images], {}, (io) => ({
      ...io,
      clock: { ...io.clock, now: () => START + days * 86_400_000 },
    }));
  assert.doesNotMatch((await later(29, ["-f", "--older-than", "30d"])).stderr, /Removed/u);
  const { code, stderr } = await later(31, ["-f", "--older-than=30d"]);
  assert.equal(code, 0);
  assert.match(stderr, /^Kept .*\.sig: it does not say when it was made\nRemoved .*@sha256:/u);
  assert.equal(registry.tags("team/app").length, 2);
});

test("clean --recursive cleans the images of an index too, each once", async (t) => {
  const { registry, host, images, signAs } = await setUp(t, ["amd64", "arm64"]);
  const manifests = ["amd64", "arm64"].map((tag) => {
    const { digest, mediaType, bytes } = registry.manifest("team/app", tag)!;
    return { digest, mediaType, size: bytes.length };
  });
  const index = jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests });
  registry.putManifest("team/app", index, MEDIA_TYPES.ociIndex, "1.0");
  const image = `${host}/team/app:1.0`;
  await signAs(KEY, [image]);
  await run(clean, ["-f", image]);
  assert.equal((await run(verify, [...PUBLIC_KEY, ...images])).code, 0, "its images are not meant");
  const { code, stderr } = await run(clean, ["-f", "-r", image, image, images[0]!]);
  assert.equal(code, 0);
  const removed = stderr.trim().split("\n").filter((line) => line.startsWith("Removed"));
  assert.equal(removed.length, 4);
  assert.deepEqual(registry.tags("team/app"), ["1.0", "amd64", "arm64"]);
});

test("clean looks where COSIGN_REPOSITORY and the prefix say", async (t) => {
  const { registry, host, images: [image = ""] } = await setUp(t);
  const env = { COSIGN_REPOSITORY: `${host}/team/signatures`, COSIGN_PASSWORD: "" };
  const prefix = ["--attachment-tag-prefix", "v1-"];
  const words = [...KEY, "--format", "both", ...prefix, image];
  assert.equal((await run(sign, words, { env })).code, 0);
  const { code, stderr } = await run(clean, ["-f", ...prefix, image], { env });
  assert.equal(code, 0);
  assert.match(stderr, /^Removed [^ ]*\/team\/signatures:v1-sha256-/u);
  assert.deepEqual(registry.tags("team/signatures"), []);
  assert.equal((await run(verify, [...PUBLIC_KEY, image])).code, 0);
});

test("clean tries every image, and exits with 1 if one cannot be cleaned", async (t) => {
  const { registry, host, images } = await setUp(t);
  const { digest } = registry.manifest("team/app", "1.0")!;
  const missing = `${host}/team/app:none`;
  const { code, stderr } = await run(clean, ["-f", missing, ...images]);
  assert.equal(code, 1);
  assert.match(stderr, /Error: Cannot clean [^ ]+:none: the registry says there is none\n/u);
  assert.match(stderr, /Removed .* from .*:1\.0\n/u);
  // The signatures of an image that was deleted can be removed by its digest.
  await run(sign, [...KEY, "--format=legacy", ...images]);
  const url = `http://${host}/v2/team/app/manifests/${digest}`;
  assert.equal((await fetch(url, { method: "DELETE" })).status, 202);
  assert.equal((await run(clean, ["-f", `${host}/team/app@${digest}`])).code, 0);
  assert.deepEqual(registry.tags("team/app"), []);
});

test("clean says of a registry that does not delete what is still there", async (t) => {
  for (const referrers of [true, false]) {
    const { images } = await setUp(t, ["1.0"], { referrers, manifestDelete: false });
    const { code, stdout, stderr } = await run(clean, ["-f", ...images]);
    assert.deepEqual([code, stdout], [1, ""]);
    const lines = stderr.trim().split("\n");
    assert.equal(lines.length, 2);
    for (const line of lines) {
      assert.match(
        line,
        /^Error: could not delete [^ ]+ from [^ ]+:1\.0: Cannot DELETE .*: the registry does not let its clients delete \(405 UNSUPPORTED/u,
      );
    }
    assert.equal((await run(verify, [...PUBLIC_KEY, ...images])).code, 0);
  }
});

test("clean refuses what it cannot understand, with exit code 2", async (t) => {
  const { registry, images } = await setUp(t);
  const writes = countWrites(registry);
  const wrong = [
    ["--type", "nonsense", ...images],
    ["--older-than", "soon", ...images],
    ["--older-than", "30", ...images],
    ["--key", at("none.pub"), ...images],
    ["--type=sbom", ...PUBLIC_KEY, ...images],
    [...images, "not an image"],
    [],
  ];
  for (const words of wrong) {
    const { code, stdout, stderr } = await run(clean, ["-f", ...words]);
    assert.deepEqual([code, stdout], [2, ""], words.join(" "));
    assert.match(stderr, /^(?:Error|error): /u);
  }
  assert.equal(countWrites(registry), writes);
});
