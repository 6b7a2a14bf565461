/** `--signature-repository` and the variables that say where signatures are, and how large, in every task. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { attachmentTag } from "../../lib/reference/triangulate.ts";
import { task as attest } from "../../scripts/attest.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as copy } from "../../scripts/copy.ts";
import { task as download } from "../../scripts/download_signature.ts";
import { task as sign } from "../../scripts/sign.ts";
import { task as signTags } from "../../scripts/sign_tags.ts";
import { task as triangulate } from "../../scripts/triangulate.ts";
import { task as verify } from "../../scripts/verify.ts";
import { task as verifyAttestation } from "../../scripts/verify_attestation.ts";
import { task as verifyFleet } from "../../scripts/verify_fleet.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { fixturePath } from "../support/fixtures.ts";
import { serveImages } from "../support/served_registry.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const FOLDER = await temporaryFolder({ after });
const KEY = ["--key", fixturePath("keys/p384.key")];
const PUBLIC_KEY = ["--key", fixturePath("keys/p384.pub")];
const NAMES = ["team/app:1.0", "team/app:2.0", "team/web:1.0", "other/app:1.0"];

type Env = Readonly<Record<string, string>>;

async function run<Options>(
  task: Task<Options>,
  words: readonly string[],
  { env = {}, stdin = "" }: { readonly env?: Env; readonly stdin?: string } = {},
) {
  const io = createFakeIo({ env: { HOME: FOLDER, COSIGN_PASSWORD: "p384-pw", ...env }, stdin });
  return { code: await runTask(task, words, io), ...io.written };
}

for (const referrers of [true, false]) {
  for (const format of ["bundle", "legacy"] as const) {
    const how = `${format}, referrers API ${referrers ? "on" : "off"}`;

    test(`signatures are written and found in the repositories of the rules (${how})`, async (t) => {
      const { server, registry } = await serveImages(NAMES, { referrers });
      t.after(() => server.close());
      const { host } = server;
      const rules = [
        "--signature-repository",
        `${host}/team=${host}/sigs/*`,
        "--signature-repository",
        `${host}/team/web=${host}/web-sigs`,
      ];
      const env = { COSIGN_REPOSITORY: `${host}/all` };
      const own = registry.tags("team/app").length;
      const tagged = ["--format", format];
      const signed = await run(signTags, [...KEY, ...tagged, ...rules, `${host}/team/app`], {
        env,
      });
      assert.equal(signed.code, 0, signed.stderr);
      for (const image of [`${host}/team/web:1.0`, `${host}/other/app:1.0`]) {
        const one = await run(sign, [...KEY, ...tagged, ...rules, image], { env });
        assert.equal(one.code, 0, one.stderr);
        const [, repository] = image.includes("web") ? [0, "web-sigs"] : [0, "all"];
        assert.match(one.stderr, new RegExp(`^Pushing signature to: ${host}/${repository}$`, "mu"));
      }
      assert.equal(registry.tags("team/app").length, own, "nothing is written beside the images");

      const images = NAMES.map((name) => `${host}/${name}`);
      const seen = await run(verify, [...PUBLIC_KEY, ...rules, ...images], { env });
      assert.equal(seen.code, 0, seen.stderr);
      const repositories = [`${host}/team/app`, `${host}/team/web`, `${host}/other/app`];
      const fleet = await run(verifyFleet, [...PUBLIC_KEY, ...rules, ...repositories], { env });
      assert.equal(fleet.code, 0, fleet.stdout);
      for (const image of images) {
        assert.equal((await run(verify, [...PUBLIC_KEY, image])).code, 10, "not without the rules");
      }
      const found = await run(download, [...rules, images[0]!], { env });
      assert.deepEqual([found.code, found.stdout.split("\n").length], [0, 2], found.stderr);
      assert.equal((await run(download, [images[0]!])).code, 1);

      const predicate = ["--predicate", "-", images[0]!];
      const attested = await run(attest, [...KEY, ...tagged, ...rules, ...predicate], {
        env,
        stdin: "x",
      });
      assert.equal(attested.code, 0, attested.stderr);
      const told = await run(verifyAttestation, [...PUBLIC_KEY, ...rules, images[0]!], { env });
      assert.equal(told.code, 0, told.stderr);
      assert.equal((await run(verifyAttestation, [...PUBLIC_KEY, images[0]!])).code, 1);

      const copied = `${host}/team/copied:1.0`;
      const copying = await run(copy, [...rules, images[0]!, copied], { env });
      assert.equal(copying.code, 0, copying.stderr);
      assert.equal((await run(verify, [...PUBLIC_KEY, ...rules, copied], { env })).code, 0);
      const outside = `${host}/outside/copied:1.0`;
      assert.equal((await run(copy, [...rules, images[0]!, outside], { env })).code, 0);
      assert.equal((await run(verify, [...PUBLIC_KEY, outside])).code, 0, "beside the copy");
    });
  }
}

test("triangulate names the repository of the rule, of the environment too", async (t) => {
  const { server, registry } = await serveImages(NAMES);
  t.after(() => server.close());
  const { host } = server;
  const { digest } = registry.manifest("team/app", "1.0")!;
  const rules = `${host}/team=${host}/sigs/*,${host}/other=${host}/others`;
  const env = { COSIGN_SIGNATURE_REPOSITORY: rules, COSIGN_REPOSITORY: `${host}/all` };
  const where = async (image: string, words: readonly string[] = []) =>
    (await run(triangulate, [...words, image], { env })).stdout;
  const tag = attachmentTag(digest, "sig");
  assert.equal(await where(`${host}/team/app:1.0`), `${host}/sigs/app:${tag}\n`);
  assert.equal(await where(`${host}/other/app@${digest}`), `${host}/others:${tag}\n`);
  assert.equal(await where(`${host}/third@${digest}`), `${host}/all:${tag}\n`);
  const words = ["--signature-repository", `${host}/team=${host}/mine`];
  assert.equal(await where(`${host}/team/app:1.0`, words), `${host}/mine:${tag}\n`);
});

test("a rule that is none is refused before anything is asked", async (t) => {
  const { server, registry } = await serveImages(NAMES);
  t.after(() => server.close());
  const words = ["--signature-repository", "team=sigs", `${server.host}/team/app:1.0`];
  for (const task of [verify, verifyFleet, verifyAttestation] as readonly Task<never>[]) {
    const { code, stdout, stderr } = await run(task, [...PUBLIC_KEY, ...words]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /Cannot use signature repository "team=sigs"/u);
  }
  assert.deepEqual(registry.requests.recent, []);
});

test("COSIGN_MAX_ATTACHMENT_SIZE bounds what is fetched, in every task that fetches signatures", async (t) => {
  const { server } = await serveImages(NAMES);
  t.after(() => server.close());
  const image = `${server.host}/team/app:1.0`;
  assert.equal((await run(sign, [...KEY, "-a", "a=1", "--format=both", image])).code, 0);
  const attested = await run(attest, [...KEY, "--format=both", "--predicate", "-", image], {
    stdin: "x",
  });
  assert.equal(attested.code, 0, attested.stderr);
  const tasks: readonly (readonly [Task<never>, readonly string[], number])[] = [
    [verify as Task<never>, [...PUBLIC_KEY, image], 12],
    [verifyFleet as Task<never>, [...PUBLIC_KEY, image], 1],
    [verifyAttestation as Task<never>, [...PUBLIC_KEY, image], 1],
    [download as Task<never>, [image], 1],
  ];
  for (const [task, words, refused] of tasks) {
    const judge = async (size: string) =>
      await run(task, words, { env: { COSIGN_MAX_ATTACHMENT_SIZE: size } });
    for (const size of ["", "128MiB", "20K", "0.01 MB"]) assert.equal((await judge(size)).code, 0);
    const small = await judge("99");
    assert.equal(small.code, refused, `${task.name}: ${small.stderr}`);
    const wrong = await judge("large");
    assert.equal(wrong.code, 2, task.name);
    assert.match(wrong.stderr, /COSIGN_MAX_ATTACHMENT_SIZE "large"/u);
  }
});
