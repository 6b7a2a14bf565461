import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReference } from "../../lib/reference/reference.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { verifyImage } from "../../lib/verify/verify_image.ts";
import { TROUBLES } from "../support/faults.ts";
import { createKey, putImage, sign, trust } from "../support/images.ts";
import { ABSENT_DIGEST } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

const KEY = createKey();
const OPTIONS = { policy: trust([KEY]) };
const IMAGE = "localhost:5000/team/app";

async function setUp(trouble?: keyof typeof TROUBLES) {
  let on = false;
  const registry = createMemoryRegistry({
    fault: (_, proceed) => on && trouble !== undefined ? TROUBLES[trouble](proceed) : undefined,
  });
  const image = putImage(registry, "1.0");
  putImage(registry, "unsigned");
  const { remote } = openTestRemote(registry);
  await sign(remote, image, { key: KEY });
  on = true;
  registry.requests.clear();
  const verify = (reference: string) => verifyImage(remote, parseReference(reference), OPTIONS);
  return { registry, image, verify };
}

test("verifyImage() judges the digest that a tag names now", async () => {
  const { registry, image, verify } = await setUp();
  assert.deepEqual([(await verify(`${IMAGE}:1.0`)).kind, image.digest], [
    "verified",
    (await verify(`${IMAGE}:1.0`)).digest,
  ]);
  const moved = putImage(registry, "1.0", { content: "something else" });
  const verdict = await verify(`${IMAGE}:1.0`);
  assert.deepEqual([verdict.kind, verdict.digest], ["unsigned", moved.digest]);
  assert.equal((await verify(`${IMAGE}@${image.digest}`)).kind, "verified");
});

test("verifyImage() says that an image does not exist, by tag and by digest", async () => {
  const { verify } = await setUp();
  for (const name of [`${IMAGE}:2.0`, `${IMAGE}@${ABSENT_DIGEST}`, "localhost:5000/no/such"]) {
    const verdict = await verify(name);
    assert.equal(verdict.kind, "failed", name);
    assert.deepEqual(verdict.reasons.map(({ code }) => code), ["image-not-found"]);
    assert.equal(verdict.digest, undefined);
  }
});

test("verifyImage() does not ask whether a signed image exists", async () => {
  const { registry, image, verify } = await setUp();
  await verify(`${IMAGE}@${image.digest}`);
  assert.ok(registry.requests.recent.every(({ method }) => method === "GET"));
});

for (const trouble of Object.keys(TROUBLES) as (keyof typeof TROUBLES)[]) {
  test(`verifyImage() calls an image unknown where everything answers with ${trouble}`, async () => {
    const { image, verify } = await setUp(trouble);
    for (const name of [`${IMAGE}:1.0`, `${IMAGE}@${image.digest}`, `${IMAGE}:unsigned`]) {
      const verdict = await verify(name);
      assert.equal(verdict.kind, "unknown", name);
      assert.ok(verdict.evidence.attempts >= 1);
      assert.match(verdict.evidence.request, /^(?:GET|HEAD) http:\/\/localhost:5000\/v2\//u);
      assert.match(verdict.reasons[0]!.code, /^registry-/u);
    }
  });
}

test("verifyImage() lets through what is no registry's fault", async () => {
  const { remote } = openTestRemote(createMemoryRegistry());
  const broken = () => Promise.reject(new TypeError("a mistake of ours"));
  const reference = parseReference(`${IMAGE}@${ABSENT_DIGEST}`);
  await assert.rejects(verifyImage(remote, reference, OPTIONS, broken), TypeError);
});
