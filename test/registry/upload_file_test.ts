import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { uploadFile, uploadIndex } from "../../lib/registry/upload_file.ts";
import { APP } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

const CONTENT = encodeText("my test artefact\n");

const FILE = {
  digest: digestOf(CONTENT),
  size: CONTENT.length,
  mediaType: "text/plain",
  async *open(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    yield CONTENT;
  },
};

test("uploadFile() writes the manifest that cosign 3.1.3 writes", async () => {
  const registry = createMemoryRegistry();
  const { remote } = openTestRemote(registry);
  const { digest, size } = await uploadFile(remote, APP, FILE, "1.0", { annotations: {} });
  assert.equal(digest, "sha256:9643a4ca8f578534a523ee17fd59f1181596e63aebcb630daa7b0de0c6de7dc1");
  assert.equal(registry.manifest(APP.path, "1.0")?.digest, digest);
  assert.equal(registry.manifest(APP.path, digest)?.bytes.length, size);
});

test("uploadFile() writes the manifest that cosign 1.3.1 wrote, if asked to", async () => {
  const { remote } = openTestRemote(createMemoryRegistry());
  const options = { annotations: {}, compat13: true };
  const { digest } = await uploadFile(remote, APP, FILE, "1.0", options);
  assert.equal(digest, "sha256:25ca0d9c2f4e70ce3bfba7891065dfef09760d2cbace7a2d21fb13c569902133");
});

test("uploadFile() writes annotations in the order of their keys", async () => {
  const { remote } = openTestRemote(createMemoryRegistry());
  const annotations = { e: "f", a: "b", c: "d" };
  const file = { ...FILE, mediaType: "text/x" };
  const { digest } = await uploadFile(remote, APP, file, "1.0", { annotations });
  // As cosign 3.1.3 printed it.
  assert.equal(digest, "sha256:e98ba695f3490607925191182c46e619b661b2b7210df28ff50964603441d035");
});

test("uploadIndex() writes the index that cosign writes", async () => {
  for (
    const [options, expected] of [
      [
        { annotations: { x: "y" } },
        "sha256:24c8bc7bb2b7fde8d3f3bb471fe09b835cfc0e41b5b9f6af3710cb8f9e41f1dd",
      ],
      [
        { annotations: {}, compat13: true },
        "sha256:c771f49eb07c1815bf53806b52c8d91e967ced8244a5bfc37e9342f9791b2048",
      ],
    ] as const
  ) {
    const registry = createMemoryRegistry();
    const { remote } = openTestRemote(registry);
    const descriptor = await uploadFile(remote, APP, FILE, undefined, options);
    assert.deepEqual(registry.tags(APP.path), []);
    const { digest } = await uploadIndex(
      remote,
      APP,
      [
        { descriptor, platform: { os: "linux", architecture: "amd64" } },
        { descriptor, platform: { os: "darwin", architecture: "arm64" } },
      ],
      "1.0",
      options,
    );
    assert.equal(digest, expected);
    assert.equal(registry.manifest(APP.path, "1.0")?.digest, digest);
  }
});
