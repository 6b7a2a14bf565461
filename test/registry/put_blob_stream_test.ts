import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { type Digest, digestOf } from "../../lib/reference/digest.ts";
import { createMemoryRegistry, type MemoryRegistry } from "../../lib/registry/memory.ts";
import { openBlob } from "../../lib/registry/open_blob.ts";
import { type BlobStream, putBlobStream } from "../../lib/registry/put_blob_stream.ts";
import { RegistryError } from "../../lib/registry/registry_error.ts";
import { createSwitch, TROUBLES } from "../support/faults.ts";
import { APP } from "../support/images.ts";
import { ask } from "../support/memory_registry.ts";
import { HOST, openTestRemote } from "../support/open_test_remote.ts";

const OTHER = { registry: HOST, path: "team/other" };
const CONTENT = encodeText("one, two, three");

/** The content in three pieces, as often as it is asked for. */
function pieces(opened: { count: number } = { count: 0 }): BlobStream {
  return {
    digest: digestOf(CONTENT),
    size: CONTENT.length,
    async *open() {
      opened.count++;
      for (const piece of ["one, ", "two, ", "three"]) yield encodeText(piece);
    },
  };
}

async function stored(registry: MemoryRegistry, digest: Digest): Promise<Uint8Array | undefined> {
  const { status, body } = await ask(registry, "GET", `/v2/${APP.path}/blobs/${digest}`);
  return status === 200 ? body : undefined;
}

test("putBlobStream() uploads a blob in pieces, once a run and repository", async () => {
  const registry = createMemoryRegistry();
  const { remote } = openTestRemote(registry);
  const opened = { count: 0 };
  assert.equal(await putBlobStream(remote, APP, pieces(opened)), "uploaded");
  assert.deepEqual(await stored(registry, digestOf(CONTENT)), CONTENT);
  const { requests } = remote.counters;
  assert.equal(await putBlobStream(remote, APP, pieces(opened)), "there");
  assert.equal(remote.counters.requests, requests);
  assert.equal(opened.count, 1);
});

test("putBlobStream() sends nothing of a blob that the repository has", async () => {
  const registry = createMemoryRegistry();
  registry.putBlob(APP.path, CONTENT);
  const { remote } = openTestRemote(registry);
  const opened = { count: 0 };
  assert.equal(await putBlobStream(remote, APP, pieces(opened)), "there");
  assert.equal(opened.count, 0);
});

test("putBlobStream() mounts a blob from another repository, with a token for both", async () => {
  const registry = createMemoryRegistry({ auth: { kind: "bearer" } });
  registry.putBlob(OTHER.path, CONTENT);
  const { remote } = openTestRemote(registry);
  const opened = { count: 0 };
  assert.equal(await putBlobStream(remote, APP, pieces(opened), OTHER), "mounted");
  assert.equal(opened.count, 0);
  assert.ok(registry.manifest(APP.path, "none") === undefined);
});

test("putBlobStream() uploads what cannot be mounted", async () => {
  const { remote } = openTestRemote(createMemoryRegistry());
  assert.equal(await putBlobStream(remote, APP, pieces(), OTHER), "uploaded");
});

test("putBlobStream() begins again where an upload breaks off", async () => {
  for (const trouble of ["reset", "503", "429"] as const) {
    const night = createSwitch();
    const registry = createMemoryRegistry({ fault: night.fault });
    const { remote } = openTestRemote(registry);
    night.set(/^PUT /u, TROUBLES[trouble], 1);
    const opened = { count: 0 };
    assert.equal(await putBlobStream(remote, APP, pieces(opened)), "uploaded", trouble);
    assert.equal(opened.count, 2);
    assert.deepEqual(await stored(registry, digestOf(CONTENT)), CONTENT);
  }
});

test("putBlobStream() gives up on a registry that never takes the blob", async () => {
  const night = createSwitch();
  const { remote } = openTestRemote(createMemoryRegistry({ fault: night.fault }));
  night.set(/^PUT /u, TROUBLES["reset"]);
  await assert.rejects(putBlobStream(remote, APP, pieces()), RegistryError);
});

test("putBlobStream() stores nothing whose bytes are not what the digest names", async () => {
  const registry = createMemoryRegistry();
  const { remote, sent } = openTestRemote(registry);
  const digest = digestOf(encodeText("something else"));
  for (const wrong of [{ digest }, { size: CONTENT.length + 1 }]) {
    await assert.rejects(
      putBlobStream(remote, APP, { ...pieces(), ...wrong }),
      (error) => error instanceof RegistryError && error.failure === "invalid-answer",
    );
  }
  assert.equal(sent.filter(({ method }) => method === "PUT").length, 2);
  assert.equal(await stored(registry, digest), undefined);
});

test("openBlob() streams from one registry to another, and takes up again what broke off", async () => {
  const night = createSwitch();
  const source = createMemoryRegistry({ fault: night.fault });
  source.putBlob(APP.path, CONTENT);
  const from = openTestRemote(source).remote;
  night.set(/^GET .*blobs/u, TROUBLES["reset"], 1);
  const registry = createMemoryRegistry();
  const digest = digestOf(CONTENT);
  const descriptor = { mediaType: "text/plain", size: CONTENT.length, digest };
  const blob = { ...descriptor, open: () => openBlob(from, APP, descriptor) };
  assert.equal(await putBlobStream(openTestRemote(registry).remote, APP, blob), "uploaded");
  assert.deepEqual(await stored(registry, digest), CONTENT);
});

test("openBlob() refuses a blob that is not there, or larger than its descriptor says", async () => {
  const registry = createMemoryRegistry();
  const { remote } = openTestRemote(registry);
  const descriptor = { mediaType: "text/plain", size: 3, digest: digestOf(CONTENT) };
  const read = async (): Promise<void> => {
    for await (const piece of openBlob(remote, APP, descriptor)) assert.ok(piece.length > 0);
  };
  await assert.rejects(read, (error) => (error as RegistryError).failure === "not-found");
  registry.putBlob(APP.path, CONTENT);
  await assert.rejects(read, (error) => (error as RegistryError).failure === "invalid-answer");
});

test("openBlob() stops the exchange when nobody reads on", async () => {
  const registry = createMemoryRegistry();
  registry.putBlob(APP.path, CONTENT);
  const { remote } = openTestRemote(registry);
  const descriptor = { mediaType: "text/plain", size: CONTENT.length, digest: digestOf(CONTENT) };
  for await (const piece of openBlob(remote, APP, descriptor)) {
    assert.ok(piece.length > 0);
    break;
  }
});
