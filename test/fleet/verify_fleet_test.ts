import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTarget, parseTargetLine } from "../../lib/fleet/target.ts";
import { verifyFleet, type VerifyFleetOptions } from "../../lib/fleet/verify_fleet.ts";
import { parseRepository } from "../../lib/reference/reference.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { collect } from "../support/collect.ts";
import { createSwitch, TROUBLES } from "../support/faults.ts";
import { createKey, putImage, sign, trust } from "../support/images.ts";
import { HOST, openTestRemote, openTestRemotes } from "../support/open_test_remote.ts";

const KEY = createKey();

/** Three repositories: signed, half signed, and unsigned. */
async function setUp() {
  const trouble = createSwitch();
  const registry = createMemoryRegistry({ referrers: false, fault: trouble.fault });
  const { remote } = openTestRemote(registry);
  for (const path of ["a", "b", "c"]) {
    for (const tag of ["1", "2"]) {
      const image = putImage(registry, tag, { path });
      const repository = parseRepository(`${HOST}/${path}`);
      const formats = path === "a" ? ["legacy"] as const : ["bundle"] as const;
      if (path === "a" || path === "b" && tag === "1") {
        await sign(remote, image, { key: KEY, repository, formats });
      }
    }
  }
  registry.requests.clear();
  const verify = async (lines: readonly string[], options: Partial<VerifyFleetOptions> = {}) => {
    const results = await collect(verifyFleet(
      openTestRemote(registry).remote,
      lines.map((line) => parseTargetLine(line)!),
      { policy: trust([KEY]), limit: 4, ...options },
    ));
    return results.map(({ image, verdict }) => `${image} ${verdict.kind}`);
  };
  return { registry, verify, ...trouble };
}

const ALL = [
  `${HOST}/a:1 verified`,
  `${HOST}/a:2 verified`,
  `${HOST}/b:1 verified`,
  `${HOST}/b:2 unsigned`,
  `${HOST}/c:1 unsigned`,
  `${HOST}/c:2 unsigned`,
];

const LINES = ["a", "b", "c"].map((path) => `${HOST}/${path}:*`);

test("verifyFleet() gives every image its own verdict, in the order of the targets", async () => {
  const { verify } = await setUp();
  for (const limit of [1, 2, 32]) assert.deepEqual(await verify(LINES, { limit }), ALL);
});

test("verifyFleet() does not let one bad line, image or repository hide another", async () => {
  const { verify, set } = await setUp();
  set(/\/v2\/b\//u, TROUBLES["503"]);
  const lines = [
    "No/Such Line",
    `${HOST}/nothing:*`,
    LINES[1]!,
    `${HOST}/b:1`,
    `${HOST}/a:missing`,
    "unreachable.example/app:1",
    LINES[0]!,
  ];
  assert.deepEqual(await verify(lines), [
    "No/Such Line failed",
    `${HOST}/nothing failed`,
    `${HOST}/b unknown`,
    `${HOST}/b:1 unknown`,
    `${HOST}/a:missing failed`,
    "unreachable.example/app:1 unknown",
    ...ALL.slice(0, 2),
  ]);
});

test("verifyFleet() tells of every image that it found, before it is verified", async () => {
  const { verify } = await setUp();
  let found = 0;
  await verify(LINES, { onFound: () => found++ });
  assert.equal(found, ALL.length);
});

test("verifyFleet() looks for signatures in the one repository for all", async () => {
  const { registry, verify } = await setUp();
  const store = { repository: parseRepository(`${HOST}/signatures`) };
  const image = putImage(registry, "1", { path: "c" });
  await sign(openTestRemote(registry).remote, image, {
    key: KEY,
    repository: parseRepository(`${HOST}/c`),
    formats: ["legacy"],
    store,
  });
  // The image in all three repositories is the same one, and so has one signature.
  assert.deepEqual(await verify(LINES, { store }), [
    `${HOST}/a:1 verified`,
    `${HOST}/a:2 unsigned`,
    `${HOST}/b:1 verified`,
    `${HOST}/b:2 unsigned`,
    `${HOST}/c:1 verified`,
    `${HOST}/c:2 unsigned`,
  ]);
});

test("verifyFleet() works on several registries, each with its own trouble", async () => {
  const good = createMemoryRegistry();
  const image = putImage(good, "1", { path: "a" });
  const repository = parseRepository("good.example/a");
  const bad = createMemoryRegistry({ fault: (_, proceed) => TROUBLES["429"](proceed) });
  const { remote, clock } = openTestRemotes({
    "https://good.example": good,
    "https://bad.example": bad,
  });
  await sign(remote, image, { key: KEY, repository });
  const targets = ["bad.example/x:1", "good.example/a:1", "bad.example/y"].map(parseTarget);
  const results = await collect(
    verifyFleet(remote, targets, { policy: trust([KEY]), limit: 1 }),
  );
  assert.deepEqual(results.map(({ verdict }) => verdict.kind), ["unknown", "verified", "unknown"]);
  assert.ok(clock.sleeps.length > 0);
});

test("verifyFleet() tries an image anew in the next run that was unknown in this", async () => {
  const { verify, set, clear } = await setUp();
  set(/\.sig$/u, TROUBLES["timeout"]);
  assert.deepEqual(await verify([LINES[0]!]), [`${HOST}/a:1 unknown`, `${HOST}/a:2 unknown`]);
  clear();
  assert.deepEqual(await verify([LINES[0]!]), ALL.slice(0, 2));
});

test("verifyFleet() stops where it is told to stop", async () => {
  const { registry } = await setUp();
  const abort = new AbortController();
  const { remote } = openTestRemote(registry, { signal: abort.signal });
  const results = verifyFleet(remote, LINES.map((line) => parseTargetLine(line)!), {
    policy: trust([KEY]),
    limit: 1,
  });
  await assert.rejects(async () => {
    for await (const _ of results) abort.abort(new Error("enough"));
  }, /^Error: enough$/u);
});

test("verifyFleet() gives results while the list is still being read", async () => {
  const { registry } = await setUp();
  const endless = async function* () {
    while (true) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      yield parseTargetLine(`${HOST}/a:1`)!;
    }
  };
  let count = 0;
  const { remote } = openTestRemote(registry);
  for await (
    const { verdict } of verifyFleet(remote, endless(), { policy: trust([KEY]), limit: 2 })
  ) {
    assert.equal(verdict.kind, "verified");
    if (++count === 5) break;
  }
  assert.equal(count, 5);
});
