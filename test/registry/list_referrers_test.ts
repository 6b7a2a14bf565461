import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { MAX_SIGNATURES } from "../../lib/base/limits.ts";
import type { Digest } from "../../lib/reference/digest.ts";
import { formatRepository } from "../../lib/reference/reference.ts";
import { referrersTag } from "../../lib/reference/triangulate.ts";
import { listReferrers } from "../../lib/registry/list_referrers.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import {
  createMemoryRegistry,
  type MemoryAnswer,
  type MemoryRegistry,
  type MemoryRegistryOptions,
} from "../../lib/registry/memory.ts";
import { answer, answerJson, refuse } from "../../lib/registry/memory_answer.ts";
import { TROUBLES } from "../support/faults.ts";
import { APP, jsonBytes, putImage } from "../support/images.ts";
import { referTo } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

const NAME = formatRepository(APP);

/** A registry with an image that `count` others refer to. */
function setUp(options: MemoryRegistryOptions = {}, count = 2) {
  const registry = createMemoryRegistry(options);
  const image = putImage(registry, "1.0");
  const referrers = Array.from({ length: count }, (_, index) =>
    registry.putManifest(
      APP.path,
      referTo(image.digest, `test/kind-${index}`),
      MEDIA_TYPES.ociManifest,
    ));
  const { remote } = openTestRemote(registry);
  const list = async (hasFallbackTag?: boolean) => {
    const { descriptors, truncated } = await listReferrers(remote, APP, image.digest, {
      hasFallbackTag,
    });
    return { digests: descriptors.map(({ digest }) => digest).sort(), truncated };
  };
  const paths = () => registry.requests.recent.map(({ path }) => path);
  return { registry, image, remote, list, paths, referrers: referrers.sort() };
}

function putFallback(registry: MemoryRegistry, image: Digest, entries: readonly unknown[]): void {
  const index = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: entries,
  });
  registry.putManifest(APP.path, index, MEDIA_TYPES.ociIndex, referrersTag(image));
}

const entry = (digest: string) => ({ mediaType: MEDIA_TYPES.ociManifest, size: 1, digest });

test("listReferrers() asks the API, and learns that it is there", async () => {
  const { list, remote, referrers, paths } = setUp();
  assert.deepEqual((await list()).digests, referrers);
  assert.equal(remote.referrersApi.get(NAME), true);
  assert.equal(paths().length, 2);
});

test("listReferrers() reads every page of the API", async () => {
  const { list, referrers } = setUp({ pageSize: 3 }, 10);
  assert.deepEqual(await list(), { digests: referrers, truncated: false });
});

test("listReferrers() reads the fallback tag where there is no API, and asks for that once", async () => {
  const { registry, image, list, remote, referrers, paths } = setUp({ referrers: false });
  putFallback(registry, image.digest, referrers.map(entry));
  assert.deepEqual((await list()).digests, referrers);
  assert.equal(remote.referrersApi.get(NAME), false);
  await list();
  assert.equal(paths().filter((path) => path.includes("/referrers/")).length, 1);
  registry.requests.clear();
  assert.deepEqual((await list(false)).digests, []);
  assert.equal(registry.requests.total, 0, "a tag that is known not to be there is not asked for");
});

test("listReferrers() joins API and fallback tag where both are there", async () => {
  const { registry, image, list, referrers } = setUp();
  const other = `sha256:${"1".repeat(64)}`;
  putFallback(registry, image.digest, [entry(referrers[0]!), entry(other)]);
  assert.deepEqual((await list(true)).digests, [...referrers, other].sort());
});

test("listReferrers() takes other answers than a list for a registry without the API", async () => {
  const answers: Readonly<Record<string, () => MemoryAnswer>> = {
    "404 page": () => answer(404, {}, encodeText("404 page not found")),
    "400": () => refuse(400, "UNSUPPORTED", "what?"),
    "405": () => refuse(405, "UNSUPPORTED", "no"),
    "406": () => answer(406, {}),
    "501": () => answer(501, {}),
    "a page": () => answer(200, { "content-type": "text/html" }, encodeText("<h1>Welcome</h1>")),
    "another JSON": () => answerJson(200, { manifests: [] }),
  };
  for (const [name, respond] of Object.entries(answers)) {
    const { registry, image, list, referrers } = setUp({
      fault: ({ url }) => String(url).includes("/referrers/") ? respond() : undefined,
    });
    putFallback(registry, image.digest, referrers.map(entry));
    assert.deepEqual((await list()).digests, referrers, name);
  }
});

test("listReferrers() does not forget an API that it has seen", async () => {
  // An ingress whose backend is away for a moment says 404 too.
  let away = false;
  const { list, remote, referrers } = setUp({
    fault: ({ url }) =>
      away && String(url).includes("/referrers/")
        ? answer(404, {}, encodeText("404 page not found"))
        : undefined,
  });
  assert.deepEqual((await list(false)).digests, referrers);
  away = true;
  await assert.rejects(list(false), { code: "REGISTRY", failure: "invalid-answer", status: 404 });
  assert.equal(remote.referrersApi.get(NAME), true);
  away = false;
  assert.deepEqual((await list(false)).digests, referrers);
});

test("listReferrers() believes that there is no API only where the registry answers itself", async () => {
  let away = true;
  const { list, remote, referrers } = setUp({
    fault: () => away ? answer(404, {}, encodeText("default backend - 404")) : undefined,
  });
  // Also where the list of tags says that the fallback tag is not there.
  for (const hasFallbackTag of [false, undefined, true]) {
    await assert.rejects(list(hasFallbackTag), { code: "REGISTRY", status: 404 });
    assert.equal(remote.referrersApi.get(NAME), undefined);
  }
  away = false;
  assert.deepEqual((await list(false)).digests, referrers);
});

test("listReferrers() lets one of many find out about the API", async () => {
  for (const referrers of [true, false]) {
    const { list, paths } = setUp({ referrers });
    await Promise.all(Array.from({ length: 10 }, () => list(false)));
    const asked = paths().filter((path) => path.includes("/referrers/")).length;
    assert.equal(asked, referrers ? 10 : 1);
  }
});

test("listReferrers() learns nothing about the API from a repository that is not there", async () => {
  const { list, remote } = setUp({
    fault: ({ url }) =>
      String(url).includes("/referrers/") ? refuse(404, "NAME_UNKNOWN", "no such") : undefined,
  });
  assert.deepEqual((await list()).digests, []);
  assert.equal(remote.referrersApi.get(NAME), undefined);
});

test("listReferrers() does not take trouble for an empty list, of the API or of the tag", async () => {
  const asApi = Object.entries(TROUBLES).filter(([name]) => name !== "a web page");
  for (const [name, trouble] of asApi) {
    const { list } = setUp({
      fault: ({ url }, proceed) =>
        String(url).includes("/referrers/") ? trouble(proceed) : undefined,
    });
    await assert.rejects(list(), { code: "REGISTRY" }, name);
  }
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    const { list } = setUp({
      referrers: false,
      fault: ({ url }, proceed) =>
        String(url).includes("/manifests/") ? trouble(proceed) : undefined,
    });
    await assert.rejects(
      list(),
      (error: { code?: unknown }) => ["REGISTRY", "MALFORMED"].includes(error.code as string),
      name,
    );
  }
});

test("listReferrers() refuses what is no index", async () => {
  for (const body of ["{", "[]", '{"manifests":{}}', "null"]) {
    const { list } = setUp({
      fault: ({ url }) =>
        String(url).includes("/referrers/")
          ? answer(200, { "content-type": MEDIA_TYPES.ociIndex }, encodeText(body))
          : undefined,
    });
    await assert.rejects(list(), { failure: "invalid-answer" }, body);
  }
  const { registry, image, list } = setUp({ referrers: false });
  registry.putManifest(
    APP.path,
    jsonBytes({ schemaVersion: 2 }),
    MEDIA_TYPES.ociManifest,
    referrersTag(image.digest),
  );
  await assert.rejects(list(), { code: "MALFORMED" });
});

test("listReferrers() finds none where cosign copy let the fallback tag name the image itself", async () => {
  const { registry, image, list } = setUp({ referrers: false });
  registry.setTag(APP.path, referrersTag(image.digest), image.digest);
  assert.deepEqual((await list()).digests, []);
});

test("listReferrers() leaves out entries that it could not fetch, and keeps the others", async () => {
  const { registry, image, list, referrers } = setUp({ referrers: false });
  putFallback(registry, image.digest, [
    null,
    {},
    entry("sha512:00"),
    { ...entry(referrers[0]!), size: -1 },
    entry(referrers[1]!),
  ]);
  assert.deepEqual((await list()).digests, [referrers[1]]);
});

test("listReferrers() stops at more referrers than may be on an image", async () => {
  const { list, registry } = setUp({ pageSize: 500 }, 2000);
  assert.deepEqual(await list(), { digests: [], truncated: true });
  assert.equal(registry.requests.total, 4, "the fourth page is not read");
  const tagged = setUp({ referrers: false }, 0);
  const many = Array.from(
    { length: MAX_SIGNATURES + 1 },
    (_, index) => entry(`sha256:${String(index).padStart(64, "0")}`),
  );
  putFallback(tagged.registry, tagged.image.digest, many);
  assert.deepEqual(await tagged.list(), { digests: [], truncated: true });
});

test("listReferrers() believes that there is no API only from a registry that answers for itself", async () => {
  // The backend is away when the repository is first asked; its tags were listed before.
  let away = true;
  const { list, remote, referrers } = setUp({
    fault: () => away ? answer(404, {}, encodeText("default backend - 404")) : undefined,
  });
  await assert.rejects(list(false), { code: "REGISTRY", failure: "invalid-answer", status: 404 });
  assert.equal(remote.referrersApi.get(NAME), undefined);
  away = false;
  assert.deepEqual((await list(false)).digests, referrers);
});

test("listReferrers() finds out about the API once, however many ask at the same time", async () => {
  const { list, paths } = setUp({ referrers: false });
  const lists = await Promise.all(Array.from({ length: 5 }, () => list(false)));
  assert.ok(lists.every(({ digests }) => digests.length === 0));
  assert.equal(paths().filter((path) => path.includes("/referrers/")).length, 1);
});
