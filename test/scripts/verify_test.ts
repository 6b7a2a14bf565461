/** The flags of `verify`, each as cosign 3.1.3 was seen to take it. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { decodeText, encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import type { Digest } from "../../lib/reference/digest.ts";
import { attachmentTag } from "../../lib/reference/triangulate.ts";
import { openRegistries } from "../../lib/registry/open_registries.ts";
import { resolveDigest } from "../../lib/registry/resolve_digest.ts";
import { buildClaim } from "../../lib/signature/claim.ts";
import { runTask } from "../../scripts/command/task.ts";
import { task } from "../../scripts/verify.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { createKey, sign } from "../support/images.ts";
import { pushImage, serveImages } from "../support/served_registry.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const FOLDER = await temporaryFolder({ after });
const at = (name: string): string => join(FOLDER, name);
const { server, registry } = await serveImages(
  ["both", "legacy", "bundle", "copied", "bare"].map((tag) => `team/app:${tag}`),
);
after(() => server.close());
const REPOSITORY = { registry: server.host, path: "team/app" };
const NAME = `${server.host}/team/app`;
const [KEY, OTHER] = [createKey(), createKey()];
await writeFile(at("cosign.pub"), KEY.publicKey.pem);
await writeFile(at("other.pub"), OTHER.publicKey.pem);

const remote = openRegistries({ env: { HOME: FOLDER } });
after(() => remote.close());
const subjectOf = async (tag: string) => (await resolveDigest(remote, REPOSITORY, tag))!;
const digests: Record<string, Digest> = {};
for (
  const [tag, formats] of [["both", ["bundle", "legacy"]], ["legacy", ["legacy"]], [
    "bundle",
    ["bundle"],
  ]] as const
) {
  const subject = await subjectOf(tag);
  digests[tag] = subject.digest;
  await sign(remote, subject, { key: KEY, repository: REPOSITORY, formats });
}
const copied = await subjectOf("copied");
registry.setTag(
  "team/app",
  attachmentTag(copied.digest, "sig"),
  registry.manifest("team/app", attachmentTag(digests["legacy"]!, "sig"))!.digest,
);

async function verify(
  words: readonly string[],
  { key = "cosign.pub", env = {} }: {
    readonly key?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
) {
  const io = createFakeIo({ env: { HOME: FOLDER, ...env } });
  const code = await runTask(task, ["--key", at(key), ...words], io);
  return { code, ...io.written };
}

const legacyJson = (digest: string): string => decodeText(buildClaim(NAME, digest as Digest, {}));
const bundleJson = (tag: string): string =>
  `{"critical":{"identity":{"docker-reference":"${NAME}:${tag}"},"image":{"docker-manifest-digest":"${
    digests[tag]
  }"},"type":"https://sigstore.dev/cosign/sign/v1"},"optional":{}}`;

test("verify prints the bundles of an image that is signed in both formats, or what it is told to", async () => {
  const image = `${NAME}:both`;
  assert.equal((await verify([image])).stdout, `\n[${bundleJson("both")}]\n`);
  const legacy = await verify(["--new-bundle-format=false", image]);
  assert.equal(legacy.stdout, `\n[${legacyJson(digests["both"]!)}]\n`);
});

test("verify prints signatures of both formats where neither alone is enough", async () => {
  const tag = "both-keys";
  pushImage(registry, "team/app", tag);
  const subject = await subjectOf(tag);
  digests[tag] = subject.digest;
  const repository = REPOSITORY;
  await sign(remote, subject, { key: KEY, repository });
  await sign(remote, subject, { key: OTHER, repository, formats: ["legacy"] });
  const words = ["--key", at("other.pub"), "--require", "all", `${NAME}:${tag}`];
  const { stdout } = await verify(words);
  assert.equal(stdout, `\n[${bundleJson(tag)},${legacyJson(subject.digest)}]\n`);
  assert.equal((await verify([`${NAME}:${tag}`])).stdout, `\n[${bundleJson(tag)}]\n`);
});

test("verify -o text prints what is signed, a line for each signature", async () => {
  const bundle = await verify(["-o", "text", `${NAME}:bundle`]);
  assert.deepEqual([bundle.code, bundle.stdout], [0, `${bundleJson("bundle")}\n`]);
  const legacy = await verify(["--output=text", `${NAME}:legacy`]);
  assert.deepEqual([legacy.code, legacy.stdout], [0, `${legacyJson(digests["legacy"]!)}\n`]);
  const fromEnvironment = await verify([`${NAME}:legacy`], { env: { COSIGN_OUTPUT: "text" } });
  assert.equal(fromEnvironment.stdout, legacy.stdout);
});

test("verify --check-claims=false compares no digest of a legacy payload, and no annotation", async () => {
  const image = `${NAME}:copied`;
  assert.equal((await verify([image])).code, 12);
  const { code, stdout, stderr } = await verify(["--check-claims=false", "-a", "a=b", image]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `\n[${legacyJson(digests["legacy"]!)}]\n`, "the digest that was signed");
  assert.doesNotMatch(stderr, /claims|annotations/u, "only what was checked is said");
  assert.match(stderr, /^ {2}- The signatures were verified against the specified public key$/mu);
  const bundle = await verify(["--check-claims=false", "-a", "a=b", `${NAME}:bundle`]);
  assert.deepEqual([bundle.code, bundle.stdout], [0, `\n[${bundleJson("bundle")}]\n`]);
  assert.doesNotMatch(bundle.stderr, /claims|annotations/u);
  assert.equal((await verify(["--check-claims=false", image], { key: "other.pub" })).code, 12);
});

test("verify --check-claims=false prints as text what is no claim, and as JSON does not", async () => {
  pushImage(registry, "team/app", "text");
  const payload = encodeText("hello\n");
  const signature = encodeBase64(await KEY.sign(payload));
  await writeFile(at("text"), payload);
  const words = ["--check-claims=false", "--signature", signature, "--payload", at("text")];
  const text = await verify([...words, "-o", "text", `${NAME}:text`]);
  assert.deepEqual([text.code, text.stdout], [0, "hello\n\n"]);
  const json = await verify([...words, `${NAME}:text`]);
  assert.deepEqual([json.code, json.stdout], [1, ""]);
  assert.match(json.stderr, /Cannot read signed payload: .*; print it with -o text/u);
});

test("verify --signature takes a signature from a file, the web, or the command line", async () => {
  const { digest } = await subjectOf("bare");
  const payload = buildClaim(NAME, digest, {});
  const signature = encodeBase64(await KEY.sign(payload));
  await writeFile(at("bare.sig"), signature);
  await writeFile(at("bare.json"), payload);
  const web = createServer((request, response) => {
    response.end(request.url === "/sig" ? signature : payload);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => web.once("listening", resolve));
  const origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  try {
    for (
      const words of [
        ["--signature", at("bare.sig"), "--payload", at("bare.json")],
        ["--signature", signature, "--payload", at("bare.json")],
        ["--signature", `${origin}/sig`, "--payload", `${origin}/payload`],
        // Without a payload it is over what cosign signs for the image.
        ["--signature", at("bare.sig")],
      ]
    ) {
      const { code, stdout, stderr } = await verify([...words, `${NAME}:bare`]);
      assert.deepEqual([code, stdout], [0, `\n[${legacyJson(digest)}]\n`], stderr);
    }
  } finally {
    web.close();
  }
  assert.equal((await verify([`${NAME}:bare`])).code, 10, "it is not stored");
});

test("verify --signature judges that signature and no other", async () => {
  const { digest } = await subjectOf("bare");
  const payload = buildClaim(NAME, digest, { env: "prod" });
  await writeFile(at("prod.json"), payload);
  const signature = encodeBase64(await KEY.sign(payload));
  const given = ["--signature", signature, "--payload", at("prod.json")];
  for (const image of [`${NAME}:bundle`, `${NAME}:legacy`, `${NAME}:both`]) {
    assert.equal((await verify([...given, image])).code, 12, "it is about another image");
  }
  assert.equal((await verify([...given, "-a", "env=prod", `${NAME}:bare`])).code, 0);
  assert.equal((await verify([...given, "-a", "env=test", `${NAME}:bare`])).code, 12);
  assert.equal((await verify([...given, `${NAME}:bare`], { key: "other.pub" })).code, 12);
  assert.equal((await verify([...given, `${NAME}:gone`])).code, 11);
  const all = await verify([...given, "--key", at("other.pub"), "--require=all", `${NAME}:bare`]);
  assert.equal(all.code, 12);
  assert.match(all.stderr, /1 of 2 required keys/u);
});

test("verify --attachment sbom verifies the SBOM that is kept beside an image", async () => {
  const { digest } = await subjectOf("bare");
  const tag = attachmentTag(digest, "sbom");
  const words = ["--attachment", "sbom", `${NAME}:bare`];
  assert.equal((await verify(words)).code, 11, "there is none");
  pushImage(registry, "team/app", tag);
  assert.equal((await verify(words)).code, 10);
  await sign(remote, await subjectOf(tag), { key: KEY, repository: REPOSITORY });
  const { code, stdout, stderr } = await verify(words);
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`"docker-reference":"${NAME}:${tag}"`, "u"));
  assert.match(stderr, new RegExp(`^Verification for ${NAME}:${tag} --$`, "mu"));
  assert.equal((await verify(["--attachment", "sbom", `${NAME}:gone`])).code, 11);
});

test("verify prints every verified image, also after one that is not", async () => {
  const { code, stdout } = await verify([`${NAME}:bare`, `${NAME}:bundle`, `${NAME}:legacy`]);
  assert.equal(code, 10);
  const expected = [bundleJson("bundle"), legacyJson(digests["legacy"]!)];
  assert.equal(stdout, expected.map((json) => `\n[${json}]\n`).join(""));
});

test("verify takes the words of cosign's that change nothing with a key", async () => {
  const words = ["--offline", "--private-infrastructure", "--experimental-oci11"];
  const more = ["--allow-certificate-chain", "--insecure-ignore-sct", "--insecure-ignore-tlog"];
  const bare = ["--signature-digest-algorithm", "sha256"];
  const { code, stderr } = await verify([...words, ...more, ...bare, `${NAME}:bundle`]);
  assert.equal(code, 0, stderr);
});

test("verify refuses by name what it cannot do, with exit code 2 and no request", async () => {
  registry.requests.clear();
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [["-o", "yaml"], /want json or text/u],
    [["--attachment", "vex"], /want sbom/u],
    [["--sk"], /--sk/u],
    [["--local-image", "--attachment", "sbom"], /--local-image/u],
    [["--local-image", "--signature", "c2lnbmF0dXJlc2lnbmF0dXJl"], /--local-image/u],
    [["--payload", at("cosign.pub")], /without --signature/u],
    [["--signature", "c2lnbmF0dXJlc2lnbmF0dXJl", "-r"], /one --signature/u],
    [["--signature", "nofile"], /no such file/u],
    [["--signature", "c2lnbmF0dXJlc2lnbmF0dXJl", "--payload", at("none")], /none/u],
    [["--signature-digest-algorithm", "sha224"], /want sha256, sha384 or sha512/u],
    [["--max-workers", "0"], /1 to 9999/u],
  ];
  for (const [words, why] of refused) {
    const { code, stdout, stderr } = await verify([...words, `${NAME}:bundle`]);
    assert.deepEqual([code, stdout], [2, ""], `${words.join(" ")}: ${stderr}`);
    assert.match(stderr, why);
  }
  assert.deepEqual(registry.requests.recent, []);
});
