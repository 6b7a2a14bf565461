import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText } from "../../lib/base/bytes.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistry } from "../../lib/registry/memory.ts";
import { refuse } from "../../lib/registry/memory_answer.ts";
import { type TagUpdate, updateTag } from "../../lib/registry/update_tag.ts";
import { TROUBLES } from "../support/faults.ts";
import { APP } from "../support/images.ts";
import { filled, manifestOf } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { createTestClock } from "../support/test_clock.ts";

const TAG = "list";
const mediaType = MEDIA_TYPES.ociManifest;

/** The words that the tag's manifest holds. */
function wordsOf(bytes: Uint8Array | undefined): readonly string[] {
  if (bytes === undefined) return [];
  return (JSON.parse(decodeText(bytes)) as { annotations: { words: string } }).annotations.words
    .split(" ");
}

const listing = (words: readonly string[]) =>
  manifestOf({ annotations: { words: words.join(" ") } });

/** Another writer, who asks nobody. */
function write(registry: MemoryRegistry, words: readonly string[]): void {
  registry.putManifest(APP.path, listing(words), mediaType, TAG);
}

/** Add a word, while `between` acts before each request, told which it is. */
async function add(
  word: string,
  before: readonly string[],
  between: (registry: MemoryRegistry, request: string, count: number) => void = () => {},
  more: Partial<TagUpdate> = {},
) {
  const counts = new Map<string, number>();
  const registry = filled({
    fault({ method, url }) {
      if (!String(url).endsWith(TAG)) return undefined;
      const count = (counts.get(method) ?? 0) + 1;
      counts.set(method, count);
      between(registry, method, count);
      return undefined;
    },
  });
  if (before.length > 0) write(registry, before);
  const clock = createTestClock();
  const { remote } = openTestRemote(registry);
  const written = await updateTag(remote, {
    repository: APP,
    tag: TAG,
    edit: (current) => {
      const words = wordsOf(current?.bytes);
      if (words.includes(word)) return Promise.resolve(undefined);
      return Promise.resolve({ bytes: listing([...words, word]), mediaType });
    },
    clock,
    random: () => 0.5,
    ...more,
  });
  const words = [...wordsOf(registry.manifest(APP.path, TAG)?.bytes)].sort();
  return { written, words, counts: Object.fromEntries(counts), sleeps: clock.sleeps };
}

test("updateTag() writes and reads back, asking once more just before", async () => {
  const { written, words, counts, sleeps } = await add("b", ["a"]);
  assert.deepEqual([written, words, counts], [true, ["a", "b"], { GET: 2, HEAD: 1, PUT: 1 }]);
  // Others that read the tag before have time to write.
  assert.equal(sleeps.length, 1);
  assert.ok(sleeps[0]! >= 100 && sleeps[0]! <= 5000);
});

test("updateTag() makes a tag that is not there", async () => {
  const { words } = await add("a", []);
  assert.deepEqual(words, ["a"]);
});

test("updateTag() does not read first what is known to be absent", async () => {
  const { words, counts } = await add("a", [], undefined, { knownAbsent: true });
  // HEAD's 404 is confirmed by GET, and the write is read back.
  assert.deepEqual([words, counts], [["a"], { HEAD: 1, GET: 2, PUT: 1 }]);
});

test("updateTag() finds out that what was known to be absent is there after all", async () => {
  const { words } = await add("b", ["a"], undefined, { knownAbsent: true });
  assert.deepEqual(words, ["a", "b"]);
});

test("updateTag() writes nothing where the tag holds what is wanted", async () => {
  const { written, counts } = await add("a", ["a"]);
  assert.deepEqual([written, counts], [false, { GET: 1 }]);
});

test("updateTag() keeps what another writes between its reading and its writing", async () => {
  const { words, counts } = await add("b", ["a"], (registry, request, count) => {
    if (request === "HEAD" && count === 1) write(registry, ["a", "other"]);
  });
  assert.deepEqual(words, ["a", "b", "other"]);
  assert.equal(counts["PUT"], 1);
});

test("updateTag() repairs its change where another overwrites it", async () => {
  const { written, words, sleeps } = await add("b", ["a"], (registry, request, count) => {
    // The other had read before we wrote, and writes after.
    if (request === "GET" && count === 2) write(registry, ["a", "other"]);
  });
  assert.deepEqual([written, words], [true, ["a", "b", "other"]]);
  assert.ok(sleeps.length > 0, "where others write it looks once more, after a while");
});

test("updateTag() repairs its change a second time where the other comes back", async () => {
  const { words } = await add("b", ["a"], (registry, request, count) => {
    if (request === "GET" && count === 2) write(registry, ["a", "other"]);
    if (request === "GET" && count === 3) write(registry, ["a", "other", "third"]);
  });
  assert.deepEqual(words, ["a", "b", "other", "third"]);
});

/** Add `b` to what the tag holds, while the first write goes as `trouble` has it. */
async function addInTrouble(trouble: (registry: MemoryRegistry, proceed: () => void) => void) {
  let writes = 0;
  const registry = filled({
    fault({ method }, proceed) {
      if (method !== "PUT" || writes++ > 0) return undefined;
      trouble(registry, proceed);
      return refuse(503, "UNSUPPORTED", "not now");
    },
  });
  write(registry, ["a"]);
  const written = await updateTag(openTestRemote(registry).remote, {
    repository: APP,
    tag: TAG,
    edit: (current) => {
      const words = wordsOf(current?.bytes);
      if (words.includes("b")) return Promise.resolve(undefined);
      return Promise.resolve({ bytes: listing([...words, "b"]), mediaType });
    },
    clock: createTestClock(),
    random: () => 0.5,
  });
  return { written, writes, words: [...wordsOf(registry.manifest(APP.path, TAG)?.bytes)].sort() };
}

test("updateTag() repeats a write that failed", async () => {
  const done = await addInTrouble(() => {});
  assert.deepEqual(done, { written: true, writes: 2, words: ["a", "b"] });
});

test("updateTag() keeps what another writes while it waits to repeat a write", async () => {
  const done = await addInTrouble((registry) => write(registry, ["a", "other"]));
  assert.deepEqual(done, { written: true, writes: 2, words: ["a", "b", "other"] });
});

test("updateTag() does not repeat a write that was done, whatever the answer", async () => {
  const done = await addInTrouble((_, proceed) => proceed());
  assert.deepEqual(done, { written: true, writes: 1, words: ["a", "b"] });
});

/** Take a word out of the tag, which has no other, while `between` acts before each request. */
async function take(
  word: string,
  between: (registry: MemoryRegistry, request: string, count: number) => void,
) {
  return await add("never", [word], between, {
    edit: (current) => {
      const words = wordsOf(current?.bytes);
      const left = words.filter((one) => one !== word);
      if (left.length === words.length) return Promise.resolve(undefined);
      return Promise.resolve(left.length === 0 ? "absent" : { bytes: listing(left), mediaType });
    },
  });
}

test("updateTag() deletes a tag, and reads back whether it is gone", async () => {
  const { written, words, counts } = await take("a", () => {});
  assert.deepEqual([written, words], [true, []]);
  assert.deepEqual(counts, { GET: 2, HEAD: 1, DELETE: 1 });
});

test("updateTag() deletes no tag that another has written to meanwhile", async () => {
  const { words, counts } = await take("a", (registry, request, count) => {
    if (request === "HEAD" && count === 1) write(registry, ["a", "other"]);
  });
  assert.deepEqual(words, ["other"]);
  assert.equal(counts["DELETE"], undefined);
});

test("updateTag() does not repeat a deletion that failed where another has written", async () => {
  let deletions = 0;
  const registry = filled({
    fault({ method }) {
      if (method !== "DELETE") return undefined;
      deletions++;
      write(registry, ["other"]);
      return refuse(503, "UNSUPPORTED", "not now");
    },
  });
  write(registry, ["a"]);
  await updateTag(openTestRemote(registry).remote, {
    repository: APP,
    tag: TAG,
    edit: (current) =>
      Promise.resolve(wordsOf(current?.bytes).includes("a") ? "absent" : undefined),
    clock: createTestClock(),
    random: () => 0.5,
  });
  assert.deepEqual([deletions, wordsOf(registry.manifest(APP.path, TAG)?.bytes)], [1, ["other"]]);
});

test("updateTag() keeps what another, who had read before, writes after the tag was deleted", async () => {
  const { words } = await take("a", (registry, request, count) => {
    if (request === "GET" && count === 2) write(registry, ["a", "other"]);
  });
  assert.deepEqual(words, ["other"]);
});

test("updateTag() gives up against others who never stop, and says so", async () => {
  await assert.rejects(
    add("b", ["a"], (registry, request, count) => {
      if (request === "HEAD") write(registry, ["a", `other-${count}`]);
    }),
    { failure: "unavailable", message: /other writers keep changing it/u },
  );
});

test("updateTag() does not write over what it cannot read", async () => {
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    let writes = 0;
    const registry = filled({
      fault: ({ method }, proceed) => {
        if (method === "PUT") writes++;
        return method === "GET" ? trouble(proceed) : undefined;
      },
    });
    write(registry, ["a"]);
    const update = updateTag(openTestRemote(registry).remote, {
      repository: APP,
      tag: TAG,
      edit: (current) =>
        Promise.resolve({ bytes: listing([...wordsOf(current?.bytes), "b"]), mediaType }),
      clock: createTestClock(),
      random: () => 0.5,
    });
    await assert.rejects(update, name);
    assert.equal(writes, 0, name);
  }
});
