/** tree over the embedded registry. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { attachmentTag } from "../../lib/reference/triangulate.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { task as tree } from "../../scripts/tree.ts";
import { runTask } from "../../scripts/command/task.ts";
import { attest, putSbom, refer } from "../support/attachments.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { APP, createKey, jsonBytes, putImage, sign } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { serveImages } from "../support/served_registry.ts";

const KEY = createKey();
const { server, registry } = await serveImages([], { referrers: false });
const { remote } = openTestRemote(registry);
after(() => server.close());
const NAME = `${server.host}/${APP.path}`;

async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const io = createFakeIo({ env });
  return { code: await runTask(tree, words, io), ...io.written };
}

test("tree prints cosign's layout, signatures first, and what belongs to an SBOM below it", async () => {
  const image = putImage(registry, "1.0");
  const { digest } = image;
  const options = { key: KEY, formats: ["legacy", "bundle"] as const };
  await sign(remote, image, options);
  await sign(remote, image, { ...options, annotations: { a: "b" }, formats: ["legacy"] });
  const sbom = putSbom(registry, digest, "packages");
  await sign(remote, { ...image, digest: sbom }, { ...options, formats: ["legacy"] });
  const { code, stdout, stderr } = await run([`${NAME}:1.0`]);
  assert.deepEqual([code, stderr], [0, ""]);
  const sha256 = /sha256:[0-9a-f]{64}/gu;
  assert.equal(
    stdout.replaceAll(sha256, "sha256:…"),
    [
      `📦 Supply Chain Security Related artifacts for an image: ${NAME}:1.0`,
      `└── 🔐 Signatures for an image tag: ${NAME}:${attachmentTag(digest, "sig")}`,
      "   ├── 🍒 sha256:…",
      "   └── 🍒 sha256:…",
      `└── 📦 SBOMs for an image tag: ${NAME}:${attachmentTag(digest, "sbom")}`,
      "   └── 🍒 sha256:…",
      `   └── 🔐 Signatures for an image tag: ${NAME}:${attachmentTag(sbom, "sig")}`,
      "      └── 🍒 sha256:…",
      `└── 🔗 https://sigstore.dev/cosign/sign/v1 artifacts via OCI referrer: ${NAME}@sha256:…`,
      "   └── 🍒 sha256:…",
      "",
    ].join("\n"),
  );
  for (const words of [["--experimental-oci11=false"], ["--no-experimental-oci11"]]) {
    assert.doesNotMatch((await run([...words, `${NAME}:1.0`])).stdout, /🔗/u);
  }
  const mode = ["--registry-referrers-mode=oci-1-1", "--experimental-oci11=false"];
  assert.match((await run([...mode, `${NAME}:1.0`])).stdout, /🔗/u);
});

test("tree says of an image without anything what cosign says, with exit code 0", async () => {
  putImage(registry, "bare");
  const { code, stdout } = await run([`${NAME}:bare`]);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `📦 Supply Chain Security Related artifacts for an image: ${NAME}:bare\n` +
      `No Supply Chain Security Related Artifacts found for image ${NAME}:bare,\n` +
      " start creating one with simply running$ cosign sign <img>\n",
  );
});

test("tree --recursive shows the images of an index as well, with their platforms", async () => {
  const children = ["amd64", "arm64"].map((architecture) => ({
    ...putImage(registry, architecture),
    platform: { os: "linux", architecture },
  }));
  const mediaType = MEDIA_TYPES.ociIndex;
  const index = jsonBytes({ schemaVersion: 2, mediaType, manifests: children });
  registry.putManifest(APP.path, index, mediaType, "multi");
  await sign(remote, children[1]!, { key: KEY });
  const { code, stdout } = await run(["-r", `${NAME}:multi`]);
  assert.equal(code, 0);
  const heads = stdout.split("\n").filter((line) => line.startsWith("📦"));
  assert.deepEqual(heads.map((line) => line.split("image: ")[1]), [
    `${NAME}:multi`,
    `${NAME}@${children[0]!.digest} (linux/amd64)`,
    `${NAME}@${children[1]!.digest} (linux/arm64)`,
  ]);
  assert.equal(stdout.match(/🔗/gu)?.length, 1);
  assert.equal((await run([`${NAME}:multi`])).stdout.match(/📦/gu)?.length, 1);
});

test("tree --output json gives one document, and COSIGN_OUTPUT is not for it", async () => {
  const image = putImage(registry, "json");
  await attest(remote, image, { key: KEY });
  const sbom = await refer(registry, remote, image, { artifactType: "application/spdx+json" });
  await sign(remote, sbom, { key: KEY });
  const { code, stdout } = await run(["-o", "json", `${NAME}:json`]);
  assert.equal(code, 0);
  const { repository, images: [shown] } = JSON.parse(stdout);
  assert.equal(repository, NAME);
  assert.equal(shown.digest, image.digest);
  const kinds = shown.attachments.map(({ kind, type }: { kind: string; type: string }) => [
    kind,
    type,
  ]);
  assert.deepEqual(kinds, [
    ["other", "application/spdx+json"],
    ["attestation", "https://spdx.dev/Document"],
  ]);
  assert.equal(shown.attachments[0].digest, sbom.digest);
  assert.equal(shown.attachments[0].attachments[0].kind, "signature");
  assert.match((await run([`${NAME}:json`], { COSIGN_OUTPUT: "json" })).stdout, /^📦/u);
});

test("tree lets nothing that a registry says move the cursor", async () => {
  const image = putImage(registry, "evil");
  await refer(registry, remote, image, { artifactType: "a\u001b[2J\u202e" });
  for (const words of [[], ["-o", "json"]]) {
    const { stdout } = await run([...words, `${NAME}:evil`]);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(stdout, /[\u001b\u202e]/u);
    assert.match(stdout, /\\u001b/u);
  }
});

test("tree looks in COSIGN_REPOSITORY, and its tags are named with the prefix", async () => {
  const image = putImage(registry, "elsewhere");
  const repository = { ...APP, path: "team/signatures" };
  const store = { repository, tagPrefix: "v1-" };
  const formats = ["legacy", "bundle"] as const;
  await sign(remote, image, { key: KEY, store, formats });
  const env = { COSIGN_REPOSITORY: `${server.host}/team/signatures` };
  const { stdout } = await run(["--attachment-tag-prefix=v1-", `${NAME}:elsewhere`], env);
  assert.match(stdout, /tag: [^ ]+\/team\/signatures:v1-sha256-/u);
  assert.match(stdout, /referrer: [^ ]+\/team\/signatures@sha256:/u);
  assert.match((await run([`${NAME}:elsewhere`])).stdout, /No Supply Chain/u);
});

test("tree says that there is no such image, and refuses what it cannot understand", async () => {
  const missing = await run([`${NAME}:none`]);
  assert.deepEqual([missing.code, missing.stdout], [1, ""]);
  assert.match(missing.stderr, /Cannot show [^ ]+:none: the registry says there is none/u);
  const wrong = [
    ["-o", "xml", `${NAME}:1.0`],
    ["--registry-referrers-mode", "new", `${NAME}:1.0`],
    ["not an image"],
    [],
    [`${NAME}:1.0`, `${NAME}:bare`],
  ];
  for (const words of wrong) assert.equal((await run(words)).code, 2, words.join(" "));
});
