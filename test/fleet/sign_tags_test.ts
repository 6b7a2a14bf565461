import assert from "node:assert/strict";
import { test } from "node:test";
import { signTags, type SignTagsOptions } from "../../lib/fleet/sign_tags.ts";
import { parseTarget } from "../../lib/fleet/target.ts";
import { verifyFleet } from "../../lib/fleet/verify_fleet.ts";
import { compileFilter } from "../../lib/policy/glob.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { SIGNATURE_FORMATS } from "../../lib/signature/signature_format.ts";
import { collect } from "../support/collect.ts";
import { createSwitch, TROUBLES } from "../support/faults.ts";
import { APP, createKey, putImage, trust } from "../support/images.ts";
import { HOST, openTestRemote } from "../support/open_test_remote.ts";
import { countWrites, legacyManifest, referrersOf } from "../support/stored_signatures.ts";
import { createTestClock } from "../support/test_clock.ts";

const KEY = createKey();
const NAME = `${HOST}/${APP.path}`;

/** A repository where two tags name one image. */
function setUp(referrers = false) {
  const trouble = createSwitch();
  const registry = createMemoryRegistry({ referrers, fault: trouble.fault });
  const images = ["1.0", "1.1", "2.0"].map((tag) => putImage(registry, tag));
  registry.setTag(APP.path, "latest", images[2]!.digest);
  const signAll = async (options: Partial<SignTagsOptions> = {}, repositories = [APP]) => {
    const results = await collect(signTags(openTestRemote(registry).remote, repositories, {
      key: KEY,
      annotations: {},
      formats: ["bundle"],
      clock: createTestClock(),
      random: () => 0.5,
      limit: 4,
      ...options,
    }));
    return results.map((result) => {
      const what = result.kind === "done" ? JSON.stringify(result.outcomes) : result.kind;
      return `${result.image.slice(NAME.length)} ${what}`;
    });
  };
  const verifyAll = async () => {
    const results = await collect(
      verifyFleet(openTestRemote(registry).remote, [parseTarget(NAME)], {
        policy: trust([KEY]),
        limit: 4,
      }),
    );
    return results.map(({ image, verdict }) => `${image.slice(NAME.length)} ${verdict.kind}`);
  };
  return { registry, images, signAll, verifyAll, ...trouble };
}

const TAGS = [":1.0", ":1.1", ":2.0", ":latest"];
const all = (outcome: string): string[] => TAGS.map((tag) => `${tag} ${outcome}`);

for (const format of SIGNATURE_FORMATS) {
  for (const referrers of [true, false]) {
    const how = `${format}, referrers API ${referrers ? "on" : "off"}`;

    test(`signTags() signs every tag, and no attachment's (${how})`, async () => {
      const { registry, signAll, verifyAll } = setUp(referrers);
      const options = { formats: [format] };
      assert.deepEqual(await signAll(options), all(`{"${format}":"signed"}`));
      assert.deepEqual(await verifyAll(), all("verified"));
      const tags = registry.tags(APP.path);
      registry.requests.clear();
      assert.deepEqual(await signAll(options), all(`{"${format}":"already-signed"}`));
      assert.equal(countWrites(registry), 0);
      assert.deepEqual(registry.tags(APP.path), tags);
    });

    test(`signTags() signs an image once that two tags name (${how})`, async () => {
      const { registry, images, signAll } = setUp(referrers);
      await signAll({ formats: [format] });
      const { digest } = images[2]!;
      const signatures = format === "legacy"
        ? legacyManifest(registry, digest)!.layers
        : await referrersOf(registry, digest);
      assert.equal(signatures.length, 1);
    });

    test(`signTags() goes on past a tag that cannot be signed (${how})`, async () => {
      for (const name of ["503", "403", "reset", "429"] as const) {
        const { images, signAll, verifyAll, set, clear } = setUp(referrers);
        // All that is asked and written about this one image, under whatever name.
        set(new RegExp(`${images[1]!.digest.slice(7)}|manifests/1\\.1$`, "u"), TROUBLES[name]);
        const results = await signAll({ formats: [format] });
        assert.deepEqual(results, [
          `:1.0 {"${format}":"signed"}`,
          ":1.1 failed",
          `:2.0 {"${format}":"signed"}`,
          `:latest {"${format}":"signed"}`,
        ], name);
        clear();
        assert.deepEqual(await verifyAll(), [
          ":1.0 verified",
          ":1.1 unsigned",
          ":2.0 verified",
          ":latest verified",
        ]);
      }
    });
  }
}

test("signTags() writes nothing in a dry run, and says what it would sign", async () => {
  const { registry, signAll, verifyAll } = setUp();
  const options = { formats: SIGNATURE_FORMATS, dryRun: true };
  assert.deepEqual(await signAll(options), all('{"legacy":"to-sign","bundle":"to-sign"}'));
  assert.equal(countWrites(registry), 0);
  assert.deepEqual(await verifyAll(), all("unsigned"));
});

test("signTags() signs the tags that are wanted", async () => {
  const { signAll, verifyAll } = setUp();
  const wanted = compileFilter({ include: ["1.*", "latest"], exclude: ["1.1"] });
  assert.deepEqual(await signAll({ wanted }), [
    ':1.0 {"bundle":"signed"}',
    ':latest {"bundle":"signed"}',
  ]);
  assert.deepEqual(await verifyAll(), [
    ":1.0 verified",
    ":1.1 unsigned",
    // Another name of the same image.
    ":2.0 verified",
    ":latest verified",
  ]);
});

test("signTags() says that a tag is gone that was deleted since it was listed", async () => {
  const { registry, signAll } = setUp();
  registry.setTag(
    APP.path,
    "1.1",
    `sha256:${"0".repeat(64)}` as ReturnType<typeof putImage>["digest"],
  );
  assert.equal((await signAll())[1], ":1.1 gone");
});

test("signTags() gives a repository that cannot be listed as a result of its own", async () => {
  const { signAll, set } = setUp();
  set(/team\/other\/tags/u, TROUBLES["403"]);
  const results = await signAll({}, [{ ...APP, path: "team/other" }, { ...APP, path: "no" }, APP]);
  assert.deepEqual(results.map((result) => result.split(" ").at(-1)), [
    "failed",
    "failed",
    ...TAGS.map(() => '{"bundle":"signed"}'),
  ]);
});

test("signTags() asks about no signature that the list of tags says is not there", async () => {
  const { registry, signAll } = setUp();
  registry.requests.clear();
  await signAll({ formats: ["legacy"], limit: 1 });
  const reads = registry.requests.recent.filter(({ method, path }) =>
    method === "GET" && path.includes(".sig")
  );
  // HEAD just before each write is answered 404 and confirmed by GET; each write is read back.
  assert.equal(reads.length, 2 * 3);
});

test("signTags() lets through what concerns more than one image", async () => {
  const { signAll } = setUp();
  const key = { ...KEY, sign: () => Promise.reject(new TypeError("a mistake of ours")) };
  await assert.rejects(signAll({ key }), TypeError);
});
