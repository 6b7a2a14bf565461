import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { createMemoryRegistry, type MemoryRegistry } from "../../lib/registry/memory.ts";
import type { ResolvedManifest } from "../../lib/registry/resolve_digest.ts";
import {
  type Attestation,
  attestDigest,
  type AttestOptions,
} from "../../lib/sign/attest_digest.ts";
import { buildAttestationStatement } from "../../lib/signature/attestation_statement.ts";
import { PREDICATE_TYPES } from "../../lib/signature/predicate_type.ts";
import { attachmentTag } from "../../lib/reference/triangulate.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { APP, createKey, putImage } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { countWrites, referrersOf, type StoredDocument } from "../support/stored_signatures.ts";
import { createTestClock } from "../support/test_clock.ts";

const KEY = createKey();
const { spdx: SPDX, vuln: VULN } = PREDICATE_TYPES;

function attestationOf(
  { digest }: ResolvedManifest,
  predicateType: string = SPDX,
  predicate: unknown = { a: 1 },
): Attestation {
  const name = "localhost:5000/team/app";
  return {
    predicateType,
    statement: buildAttestationStatement({ name, digest, predicateType, predicate }),
  };
}

async function attest(
  registry: MemoryRegistry,
  image: ResolvedManifest,
  attestation: Attestation = attestationOf(image),
  options: Partial<AttestOptions> = {},
) {
  return await attestDigest(openTestRemote(registry).remote, APP, image, attestation, {
    key: KEY,
    formats: ["legacy"],
    clock: createTestClock(),
    random: () => 0.5,
    ...options,
  });
}

function legacyManifest(registry: MemoryRegistry, { digest }: ResolvedManifest): StoredDocument {
  const { bytes } = registry.manifest(APP.path, attachmentTag(digest, "att"))!;
  return JSON.parse(decodeText(bytes)) as StoredDocument;
}

test("attestDigest() writes a legacy manifest as cosign 3 does", async () => {
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  assert.deepEqual(await attest(registry, image), { legacy: "signed" });
  const { layers: [layer], config, ...rest } = legacyManifest(registry, image);
  assert.equal(config.mediaType, MEDIA_TYPES.ociConfig);
  assert.deepEqual(rest, { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest });
  assert.equal(layer!.mediaType, "application/vnd.dsse.envelope.v1+json");
  assert.equal(
    JSON.stringify(layer!.annotations),
    `{"dev.cosignproject.cosign/signature":"","predicateType":"${SPDX}"}`,
  );
});

test("attestDigest() stores a bundle whose manifest names the predicate type", async () => {
  for (const referrers of [true, false]) {
    const registry = createMemoryRegistry({ referrers });
    const image = putImage(registry, "1.0");
    await attest(registry, image, attestationOf(image), { formats: ["bundle"] });
    const [stored] = await referrersOf(registry, image.digest);
    assert.equal(stored!.annotations!["dev.sigstore.bundle.predicateType"], SPDX);
  }
});

test("attestDigest() attests the same once, and what differs beside it", async () => {
  for (const format of ["legacy", "bundle"] as const) {
    const registry = createMemoryRegistry();
    const image = putImage(registry, "1.0");
    const options = { formats: [format] };
    await attest(registry, image, attestationOf(image), options);
    const writes = countWrites(registry);
    const again = await attest(registry, image, attestationOf(image), options);
    assert.deepEqual(again, { [format]: "already-signed" });
    assert.equal(countWrites(registry), writes);
    const others: readonly (readonly [Attestation, Partial<AttestOptions>])[] = [
      [attestationOf(image, VULN), {}],
      [attestationOf(image, SPDX, { a: 2 }), {}],
      [attestationOf(image), { key: createKey() }],
    ];
    for (const [attestation, more] of others) {
      const outcome = await attest(registry, image, attestation, { ...options, ...more });
      assert.deepEqual(outcome, { [format]: "signed" });
    }
    const count = format === "legacy"
      ? legacyManifest(registry, image).layers.length
      : (await referrersOf(registry, image.digest)).length;
    assert.equal(count, 4);
  }
});

test("attestDigest() keeps foreign layers, and replaces only its own predicate type", async () => {
  const registry = createMemoryRegistry();
  const image = putImage(registry, "1.0");
  const layer = encodeText("foreign");
  const foreign = {
    mediaType: "text/plain",
    size: layer.length,
    digest: registry.putBlob(APP.path, layer),
    annotations: { note: "mine" },
    urls: ["https://example.com"],
  };
  const config = registry.putBlob(APP.path, encodeText("{}"));
  const manifest = {
    schemaVersion: 2,
    config: { mediaType: MEDIA_TYPES.ociConfig, size: 2, digest: config },
    layers: [foreign],
    note: "kept",
  };
  const tag = attachmentTag(image.digest, "att");
  const bytes = encodeText(JSON.stringify(manifest));
  registry.putManifest(APP.path, bytes, MEDIA_TYPES.ociManifest, tag);
  await attest(registry, image);
  await attest(registry, image, attestationOf(image, VULN));
  await attest(registry, image, { ...attestationOf(image, SPDX, { a: 2 }), replace: true });
  const stored = legacyManifest(registry, image);
  assert.equal(stored["note"], "kept");
  assert.deepEqual(stored.layers[0], foreign);
  const types = stored.layers.map(({ annotations }) => annotations?.["predicateType"]);
  assert.deepEqual(types, [undefined, VULN, SPDX]);
});

test("attestDigest() loses nothing where several attest at once", async () => {
  const registry = createMemoryRegistry({ referrers: false });
  const image = putImage(registry, "1.0");
  const numbers = [1, 2, 3, 4];
  await Promise.all(
    numbers.map((number) =>
      attest(registry, image, attestationOf(image, SPDX, { number }), {
        formats: ["legacy", "bundle"],
      })
    ),
  );
  assert.equal(legacyManifest(registry, image).layers.length, numbers.length);
  assert.equal((await referrersOf(registry, image.digest)).length, numbers.length);
});
