import assert from "node:assert/strict";
import { test } from "node:test";
import { concatBytes, encodeText } from "../../lib/base/bytes.ts";
import { fetchBlob } from "../../lib/registry/fetch_blob.ts";
import type { Descriptor } from "../../lib/registry/manifest.ts";
import type { Fault, MemoryAnswer } from "../../lib/registry/memory.ts";
import { answer } from "../../lib/registry/memory_answer.ts";
import type { Remote } from "../../lib/registry/remote.ts";
import { ABSENT_DIGEST, filled, HELLO, HELLO_DIGEST } from "../support/memory_registry.ts";
import { APP } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

const BLOB: Descriptor = { mediaType: "text/plain", size: HELLO.length, digest: HELLO_DIGEST };

function open(fault?: Fault): Remote {
  return openTestRemote(filled(fault === undefined ? {} : { fault })).remote;
}

/** Bend the answers about blobs. */
function bend(change: (right: MemoryAnswer) => MemoryAnswer): Fault {
  return ({ url }, proceed) => String(url).includes("/blobs/") ? change(proceed()) : undefined;
}

test("fetchBlob() fetches the bytes that hash to the digest", async () => {
  assert.deepEqual(await fetchBlob(open(), APP, BLOB), HELLO);
});

test("fetchBlob() gives nothing where the registry says that there is none", async () => {
  assert.equal(await fetchBlob(open(), APP, { ...BLOB, digest: ABSENT_DIGEST }), undefined);
});

test("fetchBlob() does not believe a 404 that is no registry's", async () => {
  const remote = open(bend(() => answer(404, {}, encodeText("no backend"))));
  await assert.rejects(fetchBlob(remote, APP, BLOB), { failure: "invalid-answer", status: 404 });
});

test("fetchBlob() refuses bytes cut short, lengthened or replaced", async () => {
  const changes: readonly ((body: Uint8Array) => Uint8Array)[] = [
    (body) => body.subarray(0, 2),
    (body) => concatBytes([body, encodeText("!")]),
    () => encodeText("jello"),
    () => new Uint8Array(),
  ];
  for (const change of changes) {
    const remote = open(bend((right) => ({ ...right, body: change(right.body) })));
    await assert.rejects(fetchBlob(remote, APP, BLOB), { failure: "invalid-answer", status: 200 });
  }
});

test("fetchBlob() reads no more than the descriptor's size, or an error document's", async () => {
  const remote = open(bend(() => answer(200, {}, new Uint8Array(64 * 1024 + 1))));
  await assert.rejects(fetchBlob(remote, APP, BLOB), {
    failure: "invalid-answer",
    message: /larger than 65536 bytes/u,
  });
});
