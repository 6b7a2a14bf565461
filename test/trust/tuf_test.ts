import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { embeddedRepository, PUBLIC_MIRROR } from "../../lib/trust/embedded.ts";
import { fetchTargets, type TufOptions } from "../../lib/trust/tuf.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { createTufMirror, type TufMirror, type TufMirrorOptions } from "../support/tuf_mirror.ts";

const MIRROR = "https://tuf.test";
const NAME = "trusted_root.json";
const CONTENT = encodeText('{"some":"root"}');

async function open(
  t: TestContext,
  options: Partial<TufMirrorOptions> = {},
): Promise<{ readonly mirror: TufMirror; readonly options: TufOptions; readonly folder: string }> {
  const cache = await temporaryFolder(t);
  const mirror = createTufMirror({ targets: { [NAME]: CONTENT }, ...options });
  return {
    mirror,
    folder: join(cache, "tuf.test"),
    options: { mirror: MIRROR, cache, root: mirror.root, get: mirror.get },
  };
}

test("a target is fetched by a chain of trust from a given root, and kept", async (t) => {
  const { mirror, options, folder } = await open(t);
  const targets = await fetchTargets(options, [NAME, "absent.json"]);
  assert.deepEqual([...targets.keys()], [NAME]);
  assert.deepEqual(new Uint8Array(targets.get(NAME)!), CONTENT);
  const files = (await readdir(folder)).sort();
  assert.deepEqual(files, [
    "root.json",
    "snapshot.json",
    "targets",
    "targets.json",
    "timestamp.json",
  ]);
  // Later the root is known, and what has not changed is not fetched again.
  const { root: _, ...later } = options;
  mirror.requests.length = 0;
  await fetchTargets(later, [NAME]);
  assert.deepEqual(mirror.requests, ["2.root.json", "timestamp.json"]);
});

test("offline nothing is asked for, and the cache is verified again", async (t) => {
  const { options, folder } = await open(t);
  const { root: _, get: __, ...offline } = options;
  await assert.rejects(fetchTargets(offline, [NAME]), { code: "TRUST" });
  await fetchTargets(options, [NAME]);
  const targets = await fetchTargets(offline, [NAME]);
  assert.deepEqual(new Uint8Array(targets.get(NAME)!), CONTENT);
  await writeFile(join(folder, "targets", NAME), "forged");
  await assert.rejects(fetchTargets(offline, [NAME]), { code: "TRUST" });
  await fetchTargets(options, [NAME]);
  const metadata = JSON.parse(await readFile(join(folder, "targets.json"), "utf8")) as {
    signed: { version: number };
  };
  metadata.signed.version = 1;
  await writeFile(join(folder, "targets.json"), JSON.stringify(metadata).replace("length", "x"));
  await assert.rejects(fetchTargets(offline, [NAME]), { code: "TRUST" });
});

test("metadata that has expired is trusted neither online nor offline", async (t) => {
  const { options } = await open(t, { expires: new Date(Date.now() - 1000) });
  await assert.rejects(fetchTargets(options, [NAME]), { code: "TRUST", message: /expired/u });
  const { get: _, ...offline } = options;
  await assert.rejects(fetchTargets(offline, [NAME]), { code: "TRUST" });
});

test("another's signatures, other bytes and another root are not trusted", async (t) => {
  const other = createTufMirror({ targets: { [NAME]: CONTENT } });
  for (const path of ["timestamp.json", "1.snapshot.json", "1.targets.json"]) {
    const { mirror, options } = await open(t);
    mirror.files.set(path, other.files.get(path)!);
    await assert.rejects(fetchTargets(options, [NAME]), { code: "TRUST" }, path);
  }
  const { mirror, options } = await open(t);
  await assert.rejects(fetchTargets({ ...options, root: other.root }, [NAME]), { code: "TRUST" });
  const path = [...mirror.files.keys()].find((name) => name.startsWith("targets/"))!;
  mirror.files.set(path, encodeText('{"some":"evil"}'));
  await assert.rejects(fetchTargets(options, [NAME]), { code: "TRUST" });
  mirror.files.set(path, encodeText('{"some":"root and more"}'));
  await assert.rejects(fetchTargets(options, [NAME]), { code: "TRUST" });
});

test("what failed leaves the cache as it was, and no folder of work behind", async (t) => {
  const { mirror, options, folder } = await open(t);
  await fetchTargets(options, [NAME]);
  const before = await readFile(join(folder, "timestamp.json"));
  const { root: _, ...later } = options;
  mirror.files.set("timestamp.json", encodeText("{}"));
  await assert.rejects(fetchTargets(later, [NAME]), { code: "TRUST" });
  assert.deepEqual(await readFile(join(folder, "timestamp.json")), before);
  assert.ok((await readdir(folder)).every((name) => !name.startsWith(".")));
});

test("several runs at once share a cache without harm", async (t) => {
  const { options } = await open(t);
  const all = await Promise.all(
    Array.from({ length: 8 }, () => fetchTargets(options, [NAME])),
  );
  for (const targets of all) assert.deepEqual(new Uint8Array(targets.get(NAME)!), CONTENT);
});

test("a mirror whose root nobody knows is not trusted", async (t) => {
  const { options } = await open(t);
  const { root: _, ...unknown } = options;
  await assert.rejects(fetchTargets(unknown, [NAME]), { code: "TRUST", message: /initialize/u });
  await assert.rejects(fetchTargets({ ...unknown, mirror: "no address" }, [NAME]), {
    code: "TRUST",
  });
});

test("the public repository's root and trusted root are embedded, and no other's", async () => {
  const embedded = (await embeddedRepository(PUBLIC_MIRROR))!;
  assert.match(new TextDecoder().decode(embedded.root), /"_type":\s*"root"/u);
  assert.match(
    new TextDecoder().decode(embedded.targets.get(NAME)),
    /application\/vnd\.dev\.sigstore\.trustedroot/u,
  );
  assert.equal(await embeddedRepository(MIRROR), undefined);
});
