import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_SIGNATURES } from "../../lib/base/limits.ts";
import { parseLegacySignatures } from "../../lib/signature/read_legacy.ts";
import { jsonBytes } from "../support/images.ts";
import { HELLO_DIGEST } from "../support/memory_registry.ts";

const descriptor = { mediaType: "application/json", size: 5, digest: HELLO_DIGEST };

const manifest = (layers: readonly unknown[]): Uint8Array =>
  jsonBytes({ schemaVersion: 2, config: descriptor, layers });

test("parseLegacySignatures() reads one signature a layer, in order", () => {
  const layers = [
    { ...descriptor, annotations: { "dev.cosignproject.cosign/signature": "AQID" } },
    {
      ...descriptor,
      annotations: {
        "dev.cosignproject.cosign/signature": "BAUG",
        "dev.sigstore.cosign/certificate": "-----BEGIN",
      },
    },
    { ...descriptor, annotations: { "dev.sigstore.cosign/certificate": "" } },
    descriptor,
  ];
  assert.deepEqual(
    parseLegacySignatures(manifest(layers)).map(({ signature, hasCertificate }) => [
      signature,
      hasCertificate,
    ]),
    [["AQID", false], ["BAUG", true], ["", false], ["", false]],
  );
});

test("parseLegacySignatures() refuses more signatures than may be on an image", () => {
  const many = (count: number) => manifest(Array.from({ length: count }, () => descriptor));
  assert.equal(parseLegacySignatures(many(MAX_SIGNATURES)).length, MAX_SIGNATURES);
  assert.throws(() => parseLegacySignatures(many(MAX_SIGNATURES + 1)), {
    name: "TooManySignaturesError",
  });
});

test("parseLegacySignatures() refuses what is no image manifest", () => {
  assert.throws(() => parseLegacySignatures(jsonBytes({ manifests: [] })), { code: "MALFORMED" });
});
