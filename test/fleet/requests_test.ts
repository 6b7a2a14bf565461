/** How many requests a verdict costs: registries' quotas, not processors, bound real fleets. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTarget } from "../../lib/fleet/target.ts";
import { verifyFleet } from "../../lib/fleet/verify_fleet.ts";
import { createMemoryRegistry, type MemoryRegistry } from "../../lib/registry/memory.ts";
import type { SignatureFormat } from "../../lib/signature/signature_format.ts";
import { APP, createKey, putImage, sign, trust } from "../support/images.ts";
import { collect } from "../support/collect.ts";
import { HOST, openTestRemote } from "../support/open_test_remote.ts";

const KEY = createKey();
const POLICY = trust([KEY]);
const NAME = `${HOST}/${APP.path}`;

/** A registry with some tags, each an image of its own, signed in a format or not at all. */
async function fill(
  tags: readonly string[],
  { format, referrers = false }: { format?: SignatureFormat | undefined; referrers?: boolean },
): Promise<{ registry: MemoryRegistry; digests: readonly string[] }> {
  const registry = createMemoryRegistry({ referrers });
  const images = tags.map((tag) => putImage(registry, tag));
  const { remote } = openTestRemote(registry);
  const formats = format === undefined ? [] : [format];
  for (const image of images) await sign(remote, image, { key: KEY, formats });
  registry.requests.clear();
  return { registry, digests: images.map(({ digest }) => digest) };
}

/** Verify, and tell the verdicts and the requests but the one that finds out the scheme. */
async function verify(registry: MemoryRegistry, names: readonly string[]) {
  const { remote } = openTestRemote(registry);
  const results = verifyFleet(remote, names.map(parseTarget), { policy: POLICY, limit: 1 });
  const kinds = (await collect(results)).map(({ verdict }) => verdict.kind);
  const requests = registry.requests.recent
    .filter(({ path }) => path !== "/v2/")
    .map(({ method, path }) => `${method} ${path.slice(`/v2/${APP.path}/`.length)}`);
  return { kinds, requests };
}

const TAGS = ["1.0", "1.1", "1.2", "1.3"];

test("verifyFleet() asks two things of each legacy image in a listed repository", async () => {
  const { registry } = await fill(TAGS, { format: "legacy" });
  const { kinds, requests } = await verify(registry, [NAME]);
  assert.deepEqual(new Set(kinds), new Set(["verified"]));
  assert.equal(requests.length, 1 + 2 * TAGS.length);
  assert.deepEqual(requests.map((request) => request.split(" ")[0]), [
    "GET",
    ...TAGS.flatMap(() => ["HEAD", "GET"]),
  ]);
});

test("verifyFleet() asks one thing of a legacy image that is named by digest", async () => {
  const { registry, digests } = await fill(TAGS, { format: "legacy" });
  const { kinds, requests } = await verify(registry, digests.map((digest) => `${NAME}@${digest}`));
  assert.deepEqual(new Set(kinds), new Set(["verified"]));
  assert.equal(requests.length, TAGS.length);
});

test("verifyFleet() asks two things of a legacy image that is named by tag", async () => {
  const { registry } = await fill(TAGS, { format: "legacy" });
  const { requests } = await verify(registry, TAGS.map((tag) => `${NAME}:${tag}`));
  assert.equal(requests.length, 2 * TAGS.length);
});

test("verifyFleet() does not fetch a payload that it can foresee", async () => {
  const { registry } = await fill(["1.0"], { format: "legacy" });
  const { requests } = await verify(registry, [NAME]);
  assert.ok(requests.every((request) => !request.includes("blobs/")));
});

for (const referrers of [true, false]) {
  test(
    `verifyFleet() asks three things of a bundle by digest after the first, API ${
      referrers ? "on" : "off"
    }`,
    async () => {
      const { registry, digests } = await fill(TAGS, { format: "bundle", referrers });
      const names = digests.map((digest) => `${NAME}@${digest}`);
      const first = (await verify(registry, names.slice(0, 1))).requests.length;
      registry.requests.clear();
      const { kinds, requests } = await verify(registry, names);
      assert.deepEqual(new Set(kinds), new Set(["verified"]));
      // The first also looks for a legacy signature, and whether the API is there.
      assert.ok(first <= 5, `${first} requests for the first`);
      assert.equal(requests.length, first + 3 * (TAGS.length - 1));
    },
  );

  test(
    `verifyFleet() asks four things of a bundle in a listed repository, API ${
      referrers ? "on" : "off"
    }`,
    async () => {
      const { registry } = await fill(TAGS, { format: "bundle", referrers });
      const { kinds, requests } = await verify(registry, [NAME]);
      assert.deepEqual(new Set(kinds), new Set(["verified"]));
      // The listing, once whether the API is there, and HEAD, list, manifest and bundle of each.
      assert.equal(requests.length, 1 + (referrers ? 0 : 1) + 4 * TAGS.length);
    },
  );
}

test("verifyFleet() asks an unsigned image's digest only, where the list of tags tells", async () => {
  const { registry } = await fill(TAGS, {});
  const { kinds, requests } = await verify(registry, [NAME]);
  assert.deepEqual(new Set(kinds), new Set(["unsigned"]));
  const [list, ...rest] = requests;
  assert.match(list!, /^GET tags\/list/u);
  assert.equal(rest.filter((request) => request.startsWith("HEAD manifests/")).length, TAGS.length);
  const others = rest.filter((request) => !request.startsWith("HEAD"));
  // Whether there is a referrers API is asked once, and the fallback tag to be sure.
  assert.equal(others.length, 2);
  assert.match(others[0]!, /^GET referrers\//u);
  assert.match(others[1]!, /^GET manifests\/sha256-[0-9a-f]{64}$/u);
});

test("verifyFleet() asks one thing more of an unsigned image with the referrers API", async () => {
  const { registry } = await fill(TAGS, { referrers: true });
  const { requests } = await verify(registry, [NAME]);
  assert.equal(requests.length, 1 + 2 * TAGS.length);
});

test("verifyFleet() judges a digest once that ten tags name", async () => {
  const registry = createMemoryRegistry({ referrers: true });
  const image = putImage(registry, "tag-0", { content: "one image" });
  const tags = Array.from({ length: 10 }, (_, index) => `tag-${index}`);
  for (const tag of tags) registry.setTag(APP.path, tag, image.digest);
  await sign(openTestRemote(registry).remote, image, { key: KEY });
  for (const names of [[NAME], tags.map((tag) => `${NAME}:${tag}`)]) {
    registry.requests.clear();
    const { kinds, requests } = await verify(registry, names);
    assert.deepEqual(kinds, tags.map(() => "verified"));
    const judged = requests.filter((request) => /^GET (?!tags)/u.test(request));
    assert.ok(judged.length <= 4, judged.join("\n"));
    assert.equal(requests.filter((request) => request.startsWith("HEAD")).length, 10);
  }
});

test("verifyFleet() asks once whether a repository has the API, for many images at a time", async () => {
  const { registry } = await fill(TAGS, {});
  const { remote } = openTestRemote(registry);
  const options = { policy: POLICY, limit: TAGS.length };
  await collect(verifyFleet(remote, [parseTarget(NAME)], options));
  const asked = registry.requests.recent.filter(({ path }) => path.includes("/referrers/"));
  assert.equal(asked.length, 1);
  registry.requests.clear();
  // Once that is known, nothing is asked beyond the listing and each tag's digest.
  await collect(verifyFleet(remote, [parseTarget(NAME)], options));
  assert.equal(registry.requests.total, 1 + TAGS.length);
});
