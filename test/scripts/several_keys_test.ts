/** `--key` given several times, and `--require`, in the tasks that verify. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { openRegistries } from "../../lib/registry/open_registries.ts";
import { resolveDigest } from "../../lib/registry/resolve_digest.ts";
import { attestDigest } from "../../lib/sign/attest_digest.ts";
import { buildSignStatement } from "../../lib/signature/statement.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as dockerfileVerify } from "../../scripts/dockerfile_verify.ts";
import { task as manifestVerify } from "../../scripts/manifest_verify.ts";
import { task as signBlob } from "../../scripts/sign_blob.ts";
import { task as verify } from "../../scripts/verify.ts";
import { task as verifyAttestation } from "../../scripts/verify_attestation.ts";
import { task as verifyBlob } from "../../scripts/verify_blob.ts";
import { task as verifyFleet } from "../../scripts/verify_fleet.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { fixturePath } from "../support/fixtures.ts";
import { createKey, sign } from "../support/images.ts";
import { serveImages } from "../support/served_registry.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { createTestClock } from "../support/test_clock.ts";

const FOLDER = await temporaryFolder({ after });
const { server } = await serveImages(["team/app:both", "team/app:one", "team/app:none"]);
after(() => server.close());
const REPOSITORY = { registry: server.host, path: "team/app" };
const TYPE = "https://example.com/scan/v1";

const at = (name: string): string => join(FOLDER, name);
const [A, B, C] = [createKey(), createKey(), createKey()];
for (const [name, key] of Object.entries({ a: A, b: B, c: C, again: A })) {
  await writeFile(at(`${name}.pub`), key.publicKey.pem);
}
const keys = (...names: readonly string[]) => names.flatMap((name) => ["--key", at(`${name}.pub`)]);
const image = (tag: string): string => `${server.host}/team/app:${tag}`;

const remote = openRegistries({ env: { HOME: FOLDER } });
after(() => remote.close());
for (const [tag, signers] of [["both", [A, B]], ["one", [A]]] as const) {
  const subject = (await resolveDigest(remote, REPOSITORY, tag))!;
  for (const key of signers) {
    await sign(remote, subject, { key, repository: REPOSITORY });
    const text = new TextDecoder().decode(buildSignStatement(subject.digest, {}));
    const statement = new TextEncoder().encode(
      text.replace("https://sigstore.dev/cosign/sign/v1", TYPE),
    );
    await attestDigest(remote, REPOSITORY, subject, { statement, predicateType: TYPE }, {
      key,
      formats: ["bundle"],
      clock: createTestClock(),
      random: () => 0.5,
    });
  }
}

async function run<Options>(
  task: Task<Options>,
  words: readonly string[],
  { stdin = "", env = {} }: {
    readonly stdin?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
) {
  const io = createFakeIo({ env: { HOME: FOLDER, ...env }, stdin });
  return { code: await runTask(task, words, io), ...io.written };
}

/** How each task is given one image, and the code it gives where too few keys signed it. */
const TASKS: readonly {
  readonly task: Task<never>;
  readonly failed: number;
  readonly words: (tag: string) => { readonly words: readonly string[]; readonly stdin?: string };
}[] = [
  { task: verify as Task<never>, failed: 12, words: (tag) => ({ words: [image(tag)] }) },
  { task: verifyFleet as Task<never>, failed: 1, words: (tag) => ({ words: [image(tag)] }) },
  {
    task: verifyAttestation as Task<never>,
    failed: 1,
    words: (tag) => ({ words: ["--type", TYPE, image(tag)] }),
  },
  {
    task: manifestVerify as Task<never>,
    failed: 12,
    words: (tag) => ({
      words: ["-"],
      stdin: `kind: Pod\nspec: {containers: [{image: "${image(tag)}"}]}`,
    }),
  },
  {
    task: dockerfileVerify as Task<never>,
    failed: 12,
    words: (tag) => ({ words: ["-"], stdin: `FROM ${image(tag)}\n` }),
  },
];

for (const { task, failed, words: wordsFor } of TASKS) {
  test(`${task.name} wants a signature by any of the keys, or by as many as --require says`, async () => {
    const judge = async (flags: readonly string[], tag: string, env = {}) => {
      const { words, stdin = "" } = wordsFor(tag);
      return await run(task, [...flags, ...words], { stdin, env });
    };
    const cases: readonly (readonly [readonly string[], string, number])[] = [
      [keys("a"), "one", 0],
      [keys("b", "a"), "one", 0],
      [keys("b", "c"), "one", failed],
      [[...keys("a", "b"), "--require", "any"], "one", 0],
      [[...keys("a", "b"), "--require", "all"], "both", 0],
      [[...keys("a", "b"), "--require", "all"], "one", failed],
      [[...keys("a", "b", "c"), "--require=2"], "both", 0],
      [[...keys("a", "b", "c"), "--require=2"], "one", failed],
      [[...keys("a", "b", "c"), "--require=all"], "both", failed],
      [[...keys("a", "again", "a"), "--require", "all"], "one", 0],
    ];
    for (const [flags, tag, code] of cases) {
      const done = await judge(flags, tag);
      assert.equal(done.code, code, `${flags.join(" ")} ${tag}: ${done.stderr}`);
      if (code !== 0 && tag === "one" && flags.includes(at("a.pub"))) {
        assert.match(
          `${done.stdout}${done.stderr}`,
          /1 of 2 required keys have signed; missing: /u,
        );
      }
    }
    const fromEnvironment = await judge(keys("a", "b"), "one", { COSIGN_REQUIRE: "all" });
    assert.equal(fromEnvironment.code, failed);
  });

  test(`${task.name} refuses to require what cannot be`, async () => {
    const { words, stdin = "" } = wordsFor("both");
    for (
      const [flags, why] of [
        [[...keys("a", "b"), "--require", "3"], /there are 2 different ones/u],
        [[...keys("a", "again"), "--require", "2"], /there is one/u],
        [[...keys("a"), "--require", "0"], /any, all or a number/u],
        [[...keys("a"), "--require", "most"], /any, all or a number/u],
      ] as const
    ) {
      const { code, stdout, stderr } = await run(task, [...flags, ...words], { stdin });
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, why);
    }
  });
}

test("--require is refused where no key is named", async () => {
  const identity = ["--certificate-identity", "a", "--certificate-oidc-issuer", "b"];
  for (const require of ["all", "1"]) {
    const words = [...identity, "--require", require, image("one")];
    const { code, stderr } = await run(verify, words);
    assert.equal(code, 2);
    assert.match(stderr, /--require without --key/u);
  }
});

test("verify-fleet names each signer in its reports", async () => {
  const words = [...keys("a", "b", "c"), "--require", "2", "--output", "json", image("both")];
  const { code, stdout } = await run(verifyFleet, words);
  assert.equal(code, 0);
  const { images: [record] } = JSON.parse(stdout) as {
    readonly images: readonly { readonly signatures: readonly { signer: { name: string } }[] }[];
  };
  const names = record!.signatures.map(({ signer }) => signer.name).sort();
  assert.deepEqual(names, [at("a.pub"), at("b.pub")]);
  const table = await run(
    verifyFleet,
    words.filter((word) => !["--output", "json"].includes(word)),
  );
  assert.match(table.stdout, /bundle by \S+\.pub, bun/u);
});

test("verify-blob takes a signature by any of the keys", async () => {
  await writeFile(at("file"), "x");
  const key = fixturePath("keys/p384.key");
  const signed = await run(signBlob, ["--key", key, "--bundle", at("bundle"), at("file")], {
    env: { COSIGN_PASSWORD: "p384-pw" },
  });
  assert.equal(signed.code, 0, signed.stderr);
  const good = ["--key", fixturePath("keys/p384.pub")];
  const words = ["--bundle", at("bundle"), at("file")];
  assert.equal((await run(verifyBlob, [...keys("a"), ...good, ...words])).code, 0);
  assert.equal((await run(verifyBlob, [...keys("a", "b"), ...words])).code, 1);
});
