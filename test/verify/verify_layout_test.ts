import assert from "node:assert/strict";
import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { type Digest, digestOf } from "../../lib/reference/digest.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { openLayout } from "../../lib/registry/open_layout.ts";
import type { SignatureFormat } from "../../lib/signature/signature_format.ts";
import type { Verdict } from "../../lib/verify/verdict.ts";
import { verifyImage } from "../../lib/verify/verify_image.ts";
import { verifyLayout } from "../../lib/verify/verify_layout.ts";
import { verifyRecursive } from "../../lib/verify/verify_recursive.ts";
import { createKey, putImage, sign, trust } from "../support/images.ts";
import {
  blobPath,
  COSIGN_IMAGE,
  handmadeImage,
  type LayoutEntry,
  saveFrom,
  writeLayout,
} from "../support/layouts.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { putSignedIndex } from "../support/signed_index.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const KEY = createKey();
const OPTIONS = { policy: trust([KEY]) };
const LAYER = digestOf(encodeText("layer of 1.0"));

function verify(folder: string): Promise<Verdict> {
  return verifyLayout(folder, (remote, reference) => verifyImage(remote, reference, OPTIONS));
}

/** A folder with a signed image in it. */
async function saveSigned(
  context: TestContext,
  formats: readonly SignatureFormat[] = ["bundle", "legacy"],
): Promise<{ readonly folder: string; readonly digest: Digest }> {
  const folder = await temporaryFolder(context);
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  if (formats.length > 0) {
    await sign(openTestRemote(registry).remote, image, { key: KEY, formats });
  }
  await saveFrom(registry, folder, image.digest, { tag: "1.0" });
  return { folder, digest: image.digest };
}

async function editIndex(folder: string, edit: (manifests: object[]) => object[]): Promise<void> {
  const path = join(folder, "index.json");
  const index = JSON.parse(await readFile(path, "utf8")) as { manifests: object[] };
  await writeFile(path, JSON.stringify({ ...index, manifests: edit(index.manifests) }));
}

for (const format of ["bundle", "legacy"] as const) {
  test(`verifyLayout() verifies a ${format} signature that lies in the folder`, async (context) => {
    const { folder, digest } = await saveSigned(context, [format]);
    const verdict = await verify(folder);
    assert.equal(verdict.kind, "verified");
    assert.equal(verdict.digest, digest);
    assert.equal(verdict.signatures[0]?.format, format);
  });
}

test("verifyLayout() finds bundles that index.json does not list, as cosign leaves them", async (context) => {
  const { folder } = await saveSigned(context, ["bundle"]);
  await editIndex(folder, ([root]) => [root!]);
  assert.equal((await verify(folder)).kind, "verified");
});

test("verifyLayout() finds signatures and attestations by cosign's words for them alone", async (context) => {
  const { folder } = await saveSigned(context, ["legacy"]);
  await editIndex(folder, (manifests) =>
    manifests.map((entry) => {
      const { annotations } = entry as LayoutEntry;
      return { ...entry, annotations: { kind: annotations!["kind"] } };
    }));
  assert.equal((await verify(folder)).kind, "verified");
});

test("verifyLayout() says unsigned, and failed by another key", async (context) => {
  const { folder } = await saveSigned(context, []);
  assert.equal((await verify(folder)).kind, "unsigned");
  const signed = await saveSigned(context);
  const verdict = await verifyLayout(
    signed.folder,
    (remote, reference) => verifyImage(remote, reference, { policy: trust([createKey()]) }),
  );
  assert.equal(verdict.kind, "failed");
});

test("verifyLayout() verifies the images of an index, or those for one platform", async (context) => {
  const folder = await temporaryFolder(context);
  const registry = createMemoryRegistry();
  const [index] = await putSignedIndex(registry, KEY);
  await saveFrom(registry, folder, index!.digest);
  const recursive = (platforms?: readonly string[]) =>
    verifyLayout(
      folder,
      (remote, reference) =>
        verifyRecursive(remote, reference, OPTIONS, { children: "images", platforms }),
    );
  assert.equal((await recursive()).kind, "verified");
  assert.equal((await recursive(["linux/arm64"])).kind, "verified");
  assert.equal((await recursive(["linux/riscv64"])).kind, "failed");
});

test("verifyLayout() reads the layouts of other tools, with one image in them", async (context) => {
  const folder = await temporaryFolder(context);
  const { manifest, blobs } = handmadeImage("theirs");
  await writeLayout(folder, {
    blobs,
    entries: [
      { bytes: manifest, annotations: { "org.opencontainers.image.ref.name": "1.0" } },
      { bytes: manifest, annotations: { "org.opencontainers.image.ref.name": "latest" } },
    ],
  });
  assert.deepEqual((await verify(folder)).kind, "unsigned");
  assert.equal((await openLayout(folder)).root, digestOf(manifest));
});

/** What may be wrong with a folder whose image is well signed. */
const TAMPERINGS: Readonly<Record<string, (folder: string, digest: Digest) => Promise<void>>> = {
  "another layer": (folder) => writeFile(blobPath(folder, LAYER), "lay3r of 1.0"),
  "a longer layer": (folder) => writeFile(blobPath(folder, LAYER), "layer of 1.0!"),
  "a layer cut off": (folder) => truncate(blobPath(folder, LAYER), 5),
  "another manifest": (folder, digest) =>
    writeFile(blobPath(folder, digest), handmadeImage("evil").manifest),
  "no manifest": (folder, digest) => rm(blobPath(folder, digest)),
  "no index.json": (folder) => rm(join(folder, "index.json")),
  "an index.json that is a page": (folder) => writeFile(join(folder, "index.json"), "<html>"),
  "an index.json that is empty": (folder) => writeFile(join(folder, "index.json"), ""),
  "an index.json that lists nothing": (folder) => editIndex(folder, () => []),
  "a huge index.json": (folder) => truncate(join(folder, "index.json"), 5 * 1024 * 1024),
  "a huge manifest": (folder, digest) => truncate(blobPath(folder, digest), 5 * 1024 * 1024),
  "a layout of another version": (folder) =>
    writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}'),
  "two images": async (folder) => {
    const { manifest } = handmadeImage("evil");
    await editIndex(folder, (manifests) => [
      ...manifests,
      {
        mediaType: MEDIA_TYPES.ociManifest,
        size: manifest.length,
        digest: digestOf(manifest),
        annotations: COSIGN_IMAGE,
      },
    ]);
  },
  "a tag for two images": async (folder) => {
    const { manifest } = handmadeImage("evil");
    await editIndex(folder, (manifests) => [
      {
        mediaType: MEDIA_TYPES.ociManifest,
        size: manifest.length,
        digest: digestOf(manifest),
        annotations: { "org.opencontainers.image.ref.name": "1.0" },
      },
      ...manifests,
    ]);
  },
  "a digest that is a path": async (folder) => {
    await writeFile(join(folder, "evil"), handmadeImage("evil").manifest);
    await editIndex(
      folder,
      (manifests) => manifests.map((entry) => ({ ...entry, digest: "sha256:../../evil" })),
    );
  },
  "an index.json outside": async (folder) => {
    const outside = `${folder}-index.json`;
    await rename(join(folder, "index.json"), outside);
    await symlink(outside, join(folder, "index.json"));
  },
  "a manifest outside": async (folder, digest) => {
    const outside = `${folder}-manifest`;
    await rename(blobPath(folder, digest), outside);
    await symlink(outside, blobPath(folder, digest));
  },
  "blobs outside": async (folder) => {
    const outside = `${folder}-blobs`;
    await rename(join(folder, "blobs"), outside);
    await symlink(outside, join(folder, "blobs"));
  },
  "a folder for a manifest": async (folder, digest) => {
    await rm(blobPath(folder, digest));
    await mkdir(blobPath(folder, digest));
  },
};

for (const [name, tamper] of Object.entries(TAMPERINGS)) {
  test(`verifyLayout() does not verify a folder with ${name}`, async (context) => {
    const { folder, digest } = await saveSigned(context);
    await tamper(folder, digest);
    context.after(async () => {
      for (const left of ["index.json", "manifest", "blobs"]) {
        await rm(`${folder}-${left}`, { recursive: true, force: true });
      }
    });
    assert.equal((await verify(folder)).kind, "unknown");
  });
}

test("verifyLayout() passes over what is missing besides the manifest", async (context) => {
  const { folder } = await saveSigned(context);
  await rm(blobPath(folder, LAYER));
  assert.equal((await verify(folder)).kind, "verified");
});

test("verifyLayout() follows links that stay in the folder", async (context) => {
  const { folder, digest } = await saveSigned(context);
  await rename(blobPath(folder, digest), join(folder, "moved"));
  await symlink("../../moved", blobPath(folder, digest));
  await symlink(folder, `${folder}-link`);
  context.after(() => rm(`${folder}-link`));
  assert.equal((await verify(`${folder}-link`)).kind, "verified");
});

test("a signature that cannot be read makes nothing unsigned, and hides no other", async (context) => {
  const damage = async (formats: readonly SignatureFormat[]): Promise<Verdict["kind"]> => {
    const { folder } = await saveSigned(context, formats);
    const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as {
      manifests: { digest: Digest; artifactType: string }[];
    };
    const bundle = index.manifests.find(({ artifactType }) => artifactType.includes("bundle"));
    // As a write that was cut off leaves a file.
    await truncate(blobPath(folder, bundle!.digest), 0);
    return (await verify(folder)).kind;
  };
  assert.equal(await damage(["bundle"]), "unknown");
  assert.equal(await damage(["bundle", "legacy"]), "verified");
});

test("a missing payload or bundle is told of, and is no signature", async (context) => {
  for (const format of ["bundle", "legacy"] as const) {
    const { folder, digest } = await saveSigned(context, [format]);
    const { remote, repository } = await openLayout(folder);
    const listed = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as {
      manifests: { digest: Digest }[];
    };
    const [signature] = listed.manifests.filter((entry) => entry.digest !== digest);
    const manifest = JSON.parse(
      decodeText(await readFile(blobPath(folder, signature!.digest))),
    ) as { layers: { digest: Digest }[] };
    await rm(blobPath(folder, manifest.layers[0]!.digest));
    const verdict = await verifyImage(remote, { repository, digest }, {
      // Nothing that could be foreseen instead of being read.
      policy: trust([KEY], { env: "prod" }),
    });
    assert.equal(verdict.kind === "verified", false, format);
  }
});
