import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type InventoryItem,
  type InventoryOptions,
  listImages,
} from "../../lib/fleet/inventory.ts";
import { parseTarget, parseTargetLine } from "../../lib/fleet/target.ts";
import { parseRepository } from "../../lib/reference/reference.ts";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { collect } from "../support/collect.ts";
import { createSwitch, TROUBLES } from "../support/faults.ts";
import { ABSENT_DIGEST } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

const HOST = "localhost:5000";

function setUp() {
  const trouble = createSwitch();
  const registry = createMemoryRegistry({ fault: trouble.fault, pageSize: 3 });
  for (const tag of ["1.0", "1.1", "2.0", "latest"]) registry.setTag("a", tag, ABSENT_DIGEST);
  for (const kind of ["sig", "att", "sbom"] as const) {
    registry.setTag("a", attachmentTag(ABSENT_DIGEST, kind), ABSENT_DIGEST);
    registry.setTag("a", attachmentTag(ABSENT_DIGEST, kind, "old-"), ABSENT_DIGEST);
  }
  registry.setTag("a", referrersTag(ABSENT_DIGEST), ABSENT_DIGEST);
  registry.setTag("b", "1.0", ABSENT_DIGEST);
  const list = (names: readonly string[], options?: InventoryOptions) =>
    collect(listImages(openTestRemote(registry).remote, names.map(parseTarget), options));
  return { registry, list, ...trouble };
}

const nameOf = (item: InventoryItem): string =>
  item.kind === "image" ? item.image.name : `${item.kind} ${item.name}`;

test("listImages() expands repositories in the order given, without attachments' tags", async () => {
  const { list } = setUp();
  const items = await list([`${HOST}/b`, `${HOST}/a`, `${HOST}/b:other`], {
    store: { tagPrefix: "old-" },
  });
  assert.deepEqual(items.map(nameOf), [
    `${HOST}/b:1.0`,
    `${HOST}/a:1.0`,
    `${HOST}/a:1.1`,
    `${HOST}/a:2.0`,
    `${HOST}/a:latest`,
    `${HOST}/b:other`,
  ]);
});

test("listImages() gives the tags that were listed, attachments included", async () => {
  const { list, registry } = setUp();
  const [item] = await list([`${HOST}/a`]);
  assert.ok(item?.kind === "image");
  assert.deepEqual([...item.image.tags!], registry.tags("a"));
});

test("listImages() says nothing about tags where signatures are kept elsewhere", async () => {
  const { list } = setUp();
  const [item] = await list([`${HOST}/a`], { store: { repository: parseRepository(`${HOST}/b`) } });
  assert.ok(item?.kind === "image");
  assert.equal(item.image.tags, undefined);
});

test("listImages() asks nothing about an image that is named", async () => {
  const { list, registry } = setUp();
  assert.deepEqual((await list([`${HOST}/a:1.0`])).map(nameOf), [`${HOST}/a:1.0`]);
  assert.equal(registry.requests.total, 0);
});

test("listImages() leaves out tags that are not wanted", async () => {
  const { list } = setUp();
  const items = await list([`${HOST}/a`], { wanted: (tag) => tag.startsWith("1.") });
  assert.deepEqual(items.map(nameOf), [`${HOST}/a:1.0`, `${HOST}/a:1.1`]);
});

test("listImages() gives what cannot be looked into as a result of its own, and goes on", async () => {
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    const { list, set } = setUp();
    set(/\/v2\/a\/tags/u, trouble);
    const items = await list([`${HOST}/a`, `${HOST}/no/such`, `${HOST}/b`]);
    assert.deepEqual(items.map(nameOf), [
      `unreadable ${HOST}/a`,
      `missing ${HOST}/no/such`,
      `${HOST}/b:1.0`,
    ], name);
  }
});

test("listImages() gives no part of a repository whose list breaks off", async () => {
  const { list, set } = setUp();
  set(/\/v2\/a\/tags.*last=/u, TROUBLES["503"]);
  assert.deepEqual((await list([`${HOST}/a`])).map(nameOf), [`unreadable ${HOST}/a`]);
});

test("listImages() passes on lines that are no reference", async () => {
  const { registry } = setUp();
  const targets = ["A/b", "alpine"].map((line) => parseTargetLine(line)!);
  const items = await collect(listImages(openTestRemote(registry).remote, targets));
  assert.deepEqual(items.map(nameOf), ["invalid A/b", "alpine"]);
});

test("listImages() reads targets as they come, a few ahead", async () => {
  const { registry } = setUp();
  let read = 0;
  const endless = function* () {
    while (true) {
      read++;
      yield parseTarget(`${HOST}/b`);
    }
  };
  let images = 0;
  for await (const _ of listImages(openTestRemote(registry).remote, endless())) {
    if (++images === 20) break;
  }
  assert.ok(read < 40, `${read} targets were read for 20 images`);
});
