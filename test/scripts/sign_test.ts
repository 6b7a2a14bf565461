/** The flags of `sign` and `attest`, each as cosign 3.1.3 was seen to take it, or refused by name. */

import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { type Digest, digestOf } from "../../lib/reference/digest.ts";
import { attachmentTag } from "../../lib/reference/triangulate.ts";
import { type Manifest, MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { task as attest } from "../../scripts/attest.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as sign } from "../../scripts/sign.ts";
import { task as signTags } from "../../scripts/sign_tags.ts";
import { task as verify } from "../../scripts/verify.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { fixturePath } from "../support/fixtures.ts";
import { jsonBytes } from "../support/images.ts";
import { ask } from "../support/memory_registry.ts";
import { pushImage, serveImages } from "../support/served_registry.ts";
import { countWrites } from "../support/stored_signatures.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const FOLDER = await temporaryFolder({ after });
const at = (name: string): string => join(FOLDER, name);
const { server, registry } = await serveImages([]);
after(() => server.close());
const NAME = `${server.host}/team/app`;
const KEY = ["--key", fixturePath("keys/p384.key")];
const PUBLIC_KEY = ["--key", fixturePath("keys/p384.pub")];

async function run<Options>(
  task: Task<Options>,
  words: readonly string[],
  { env = {}, stdin = "" }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly stdin?: string;
  } = {},
) {
  const io = createFakeIo({ env: { HOME: FOLDER, COSIGN_PASSWORD: "p384-pw", ...env }, stdin });
  return { code: await runTask(task, words, io), ...io.written };
}

/** Push an image of its own for a test. */
function push(tag: string): { readonly image: string; readonly digest: Digest } {
  pushImage(registry, "team/app", tag);
  const { digest } = registry.manifest("team/app", tag)!;
  return { image: `${NAME}@${digest}`, digest };
}

function manifestOf(digest: Digest, kind: "sig" | "att" = "sig"): Manifest & { mediaType: string } {
  const stored = registry.manifest("team/app", attachmentTag(digest, kind))!;
  return JSON.parse(decodeText(stored.bytes)) as Manifest & { mediaType: string };
}

async function configOf({ config }: Manifest): Promise<{ readonly created: string }> {
  const { body } = await ask(registry, "GET", `/v2/team/app/blobs/${config.digest}`);
  return JSON.parse(decodeText(body)) as { readonly created: string };
}

test("sign --payload signs the bytes of a file, and warns where they claim nothing of the image", async () => {
  const { image, digest } = push("payload");
  const claim = jsonBytes({
    critical: {
      identity: { "docker-reference": "elsewhere.example/x" },
      image: { "docker-manifest-digest": digest },
      type: "own",
    },
    optional: { by: "hand" },
  });
  await writeFile(at("claim.json"), claim);
  const words = [...KEY, "--format=legacy", "--payload", at("claim.json")];
  const good = await run(sign, [...words, image]);
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stderr, /^Using payload from: \S+claim\.json$/mu);
  assert.doesNotMatch(good.stderr, /WARNING/u);
  const seen = await run(verify, [...PUBLIC_KEY, image]);
  assert.deepEqual([seen.code, seen.stdout], [0, `\n[${decodeText(claim)}]\n`]);
  const other = push("payload-other");
  const bad = await run(sign, [...words, other.image]);
  assert.equal(bad.code, 0, bad.stderr);
  assert.match(bad.stderr, /WARNING: the payload makes no claim about sha256:/u);
  assert.equal((await run(verify, [...PUBLIC_KEY, other.image])).code, 12);
});

test("sign --sign-container-identity signs a payload for each name", async () => {
  const { image } = push("identities");
  const names = ["--sign-container-identity", "a.example/a,b.example/b"];
  const more = ["--sign-container-identity", "c.example/c"];
  const { code, stderr } = await run(sign, [...KEY, "--format", "both", ...names, ...more, image]);
  assert.equal(code, 0, stderr);
  const { stdout } = await run(verify, [...PUBLIC_KEY, "--new-bundle-format=false", image]);
  const found = [...stdout.matchAll(/"docker-reference":"([^"]+)"/gu)].map((match) => match[1]);
  assert.deepEqual(found, ["a.example/a", "b.example/b", "c.example/c"]);
});

test("sign and attest record when legacy manifests were made, SOURCE_DATE_EPOCH before now", async () => {
  const { image, digest } = push("created");
  const flags = [...KEY, "--format=legacy", "--record-creation-timestamp"];
  assert.equal((await run(sign, [...flags, image])).code, 0);
  assert.equal((await configOf(manifestOf(digest))).created, "2026-11-23T09:20:10Z");
  const env = { SOURCE_DATE_EPOCH: "1600000000" };
  const attested = await run(attest, [...flags, "--predicate", "-", image], { env, stdin: "x" });
  assert.equal(attested.code, 0, attested.stderr);
  assert.equal((await configOf(manifestOf(digest, "att"))).created, "2020-09-13T12:26:40Z");
  const plain = push("not-created");
  assert.equal((await run(sign, [...KEY, "--format=legacy", plain.image], { env })).code, 0);
  assert.equal((await configOf(manifestOf(plain.digest))).created, "0001-01-01T00:00:00Z");
  const bad = await run(sign, [...flags, image], { env: { SOURCE_DATE_EPOCH: "yesterday" } });
  assert.equal(bad.code, 2);
});

test("sign --registry-referrers-mode=oci-1-1 stores a legacy signature as a referrer", async () => {
  const { image, digest } = push("referrers-mode");
  const words = [...KEY, "--format=legacy", "--registry-referrers-mode", "oci-1-1", image];
  const first = await run(sign, words);
  assert.match(first.stderr, /: signed \(legacy\)\n$/u);
  assert.match((await run(sign, words)).stderr, /: already signed by this key \(legacy\)\n$/u);
  assert.equal(registry.manifest("team/app", attachmentTag(digest, "sig")), undefined);
  const { code, stdout } = await run(verify, [...PUBLIC_KEY, image]);
  assert.equal(code, 0);
  assert.match(stdout, /"type":"cosign container image signature"/u);
  const bundle = push("referrers-mode-bundle");
  const mode = ["--registry-referrers-mode", "oci-1-1"];
  assert.equal((await run(sign, [...KEY, ...mode, bundle.image])).code, 0, "bundles always are");
});

test("sign --attachment sbom signs the SBOM that is kept beside an image", async () => {
  const { image, digest } = push("attachment");
  const words = [...KEY, "--attachment", "sbom", image];
  const none = await run(sign, words);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /Cannot sign \S+\.sbom: the registry says there is none/u);
  pushImage(registry, "team/app", attachmentTag(digest, "sbom"));
  const done = await run(sign, words);
  assert.equal(done.code, 0, done.stderr);
  assert.equal((await run(verify, [...PUBLIC_KEY, image])).code, 10);
  const seen = await run(verify, [...PUBLIC_KEY, "--attachment=sbom", image]);
  assert.equal(seen.code, 0, seen.stderr);
});

test("sign writes files, of an index with its images those of each", async () => {
  const children = ["child-a", "child-b"].map((tag) => push(tag).digest);
  const index = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: children.map((digest) => ({
      mediaType: MEDIA_TYPES.ociManifest,
      size: registry.manifest("team/app", digest)!.bytes.length,
      digest,
    })),
  });
  registry.putManifest("team/app", index, MEDIA_TYPES.ociIndex, "index");
  const flags = ["--bundle", at("x.bundle"), "--output-signature", at("x.sig")];
  const more = ["--output-payload", at("x.payload"), "--output-certificate", at("x.pem")];
  const image = `${NAME}@${digestOf(index)}`;
  const one = await run(sign, [...KEY, "--no-upload", ...flags, ...more, image]);
  assert.equal(one.code, 0, one.stderr);
  const all = await run(sign, [...KEY, "--upload=false", "-r", ...flags, ...more, image]);
  assert.equal(all.code, 0, all.stderr);
  const files = (await readdir(FOLDER)).filter((name) => name.startsWith("x."));
  const suffixes = [
    "",
    ...[...children, digestOf(index)].map((one) => `-${one.replace(":", "-")}`),
  ];
  const expected = ["x.bundle", "x.sig", "x.payload"].flatMap((name) =>
    suffixes.map((suffix) => name + suffix)
  );
  assert.deepEqual(files.sort(), [...expected, "x.pem"].sort());
  assert.match(await readFile(at("x.pem"), "utf8"), /^-----BEGIN PUBLIC KEY-----/u);
  const child = `${NAME}@${children[0]}`;
  const suffix = suffixes[1]!;
  const given = ["--signature", at(`x.sig${suffix}`), "--payload", at(`x.payload${suffix}`)];
  assert.equal((await run(verify, [...PUBLIC_KEY, ...given, child])).code, 0);
  assert.equal((await run(verify, [...PUBLIC_KEY, ...given, image])).code, 12);
});

test("sign and attest heed COSIGN_DOCKER_MEDIA_TYPES as Go reads it", async () => {
  for (
    const [value, docker] of [["1", true], ["t", true], ["TRUE", true], ["0", false], [
      "yes",
      false,
    ]] as const
  ) {
    const { image, digest } = push(`media-${value.toLowerCase()}`);
    const env = { COSIGN_DOCKER_MEDIA_TYPES: value };
    const flags = [...KEY, "--format=legacy"];
    assert.equal((await run(sign, [...flags, image], { env })).code, 0);
    const words = [...flags, "--predicate", "-", image];
    assert.equal((await run(attest, words, { env, stdin: "x" })).code, 0);
    const wanted = docker ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
    for (const kind of ["sig", "att"] as const) {
      assert.equal(manifestOf(digest, kind).mediaType, wanted, `${value} ${kind}`);
    }
  }
});

test("sign, sign-tags and attest refuse by name what they cannot do, and store nothing", async () => {
  const { image } = push("refused");
  await writeFile(at("payload"), encodeText("x"));
  const payload = ["--payload", at("payload")];
  const legacy = ["--format=legacy"];
  const writes = countWrites(registry);
  const refused: readonly (readonly [Task<never>, readonly string[], RegExp])[] = [
    [sign as Task<never>, [...payload, image], /--format legacy/u],
    [sign as Task<never>, [...payload, "--format=both", image], /--format legacy/u],
    [sign as Task<never>, [...payload, ...legacy, "-r", image], /several images/u],
    [sign as Task<never>, [...payload, ...legacy, image, image], /several images/u],
    [sign as Task<never>, ["--payload", at("none"), ...legacy, image], /none/u],
    [sign as Task<never>, ["--sign-container-identity", "x", image], /--format legacy or both/u],
    [sign as Task<never>, ["--sign-container-identity", "a,", ...legacy, image], /empty/u],
    [sign as Task<never>, ["--registry-referrers-mode", "both", image], /legacy or oci-1-1/u],
    [sign as Task<never>, ["--attachment", "vex", image], /want sbom/u],
    [sign as Task<never>, ["--issue-certificate", image], /--issue-certificate/u],
    [sign as Task<never>, ["--sk", image], /--sk/u],
    [sign as Task<never>, ["--output-certificate", at("c"), image, image], /one image at a time/u],
    [signTags as Task<never>, ["--sk", NAME], /--sk/u],
    [signTags as Task<never>, ["--sign-container-identity", "x", NAME], /--format legacy or both/u],
    [attest as Task<never>, ["--issue-certificate", "--predicate", "-", image], /--issue-cert/u],
    [attest as Task<never>, ["--sk", "--predicate", "-", image], /--sk/u],
  ];
  for (const [task, words, why] of refused) {
    const { code, stdout, stderr } = await run(task, [...KEY, ...words]);
    assert.deepEqual([code, stdout], [2, ""], `${words.join(" ")}: ${stderr}`);
    assert.match(stderr, why);
  }
  assert.equal(countWrites(registry), writes);
});
