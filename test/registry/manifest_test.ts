import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { parseIndex, parseManifest } from "../../lib/registry/manifest.ts";
import { jsonBytes } from "../support/images.ts";
import { HELLO_DIGEST } from "../support/memory_registry.ts";

const descriptor = { mediaType: "text/plain", size: 5, digest: HELLO_DIGEST };

test("parseManifest() reads config, layers and annotations, and leaves out the rest", () => {
  const layer = { ...descriptor, annotations: { a: "1" }, urls: ["x"] };
  const bytes = jsonBytes({
    schemaVersion: 2,
    config: descriptor,
    layers: [layer],
    artifactType: "test/kind",
    annotations: { b: "2" },
    extra: 1,
  });
  assert.deepEqual(parseManifest(bytes), {
    config: descriptor,
    layers: [{ ...descriptor, annotations: { a: "1" } }],
    artifactType: "test/kind",
    annotations: { b: "2" },
  });
});

test("parseManifest() refuses what is no image manifest", () => {
  const bad: readonly unknown[] = [
    null,
    {},
    { config: descriptor },
    { config: descriptor, layers: {} },
    { config: {}, layers: [] },
    { config: descriptor, layers: [{ ...descriptor, size: -1 }] },
    { config: descriptor, layers: [{ ...descriptor, size: 1.5 }] },
    { config: descriptor, layers: [{ ...descriptor, size: 2 ** 60 }] },
    { config: descriptor, layers: [{ ...descriptor, digest: "sha256:00" }] },
    { config: descriptor, layers: [{ ...descriptor, annotations: { a: 1 } }] },
    { schemaVersion: 1, fsLayers: [] },
  ];
  for (const value of bad) {
    assert.throws(() => parseManifest(jsonBytes(value)), { code: "MALFORMED" });
  }
  assert.throws(() => parseManifest(encodeText("not JSON")), { code: "MALFORMED" });
});

test("parseIndex() leaves out what it could not fetch", () => {
  const bytes = jsonBytes({ manifests: [null, { ...descriptor, digest: "x" }, descriptor, 3] });
  assert.deepEqual(parseIndex(bytes), { manifests: [descriptor] });
  assert.throws(() => parseIndex(jsonBytes({ manifests: null })), { code: "MALFORMED" });
});
