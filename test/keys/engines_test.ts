import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import type { EcdsaAlgorithm, SignatureHash } from "../../lib/keys/algorithm.ts";
import type { Engine, SignatureCheck } from "../../lib/keys/engine.ts";
import { nodeCryptoEngine } from "../../lib/keys/node_crypto_engine.ts";
import { publicKeyFromSpki } from "../../lib/keys/public_key.ts";
import { verifySignature } from "../../lib/keys/verify_signature.ts";
import { webCryptoEngine } from "../../lib/keys/web_crypto_engine.ts";
import { fromHex, readWycheproof } from "./wycheproof.ts";

const CURVES = { "ecdsa-p256": p256, "ecdsa-p384": p384, "ecdsa-p521": p521 };
const POINT_BYTES: Readonly<Record<EcdsaAlgorithm, number>> = {
  "ecdsa-p256": 65,
  "ecdsa-p384": 97,
  "ecdsa-p521": 133,
};

/** A third opinion, in JavaScript. It has no RSA. */
const nobleEngine: Engine = {
  importKey({ algorithm, spki }) {
    if (algorithm === "rsa") throw new Error("noble has no RSA");
    const check: SignatureCheck = (message, signature, hash) => {
      try {
        if (algorithm === "ed25519") {
          const point = spki.subarray(-32);
          return Promise.resolve(ed25519.verify(signature, message, point, { zip215: false }));
        }
        const digest = new Uint8Array(createHash(hash).update(message).digest());
        const point = spki.subarray(-POINT_BYTES[algorithm]);
        const options = { format: "der", lowS: false, prehash: false } as const;
        return Promise.resolve(CURVES[algorithm].verify(signature, digest, point, options));
      } catch {
        return Promise.resolve(false);
      }
    };
    return Promise.resolve(check);
  },
};

const ENGINES: Readonly<Record<string, Engine>> = {
  "node:crypto": nodeCryptoEngine,
  "Web Crypto": webCryptoEngine,
  noble: nobleEngine,
};

const FILES: readonly (readonly [file: string, hash: SignatureHash])[] = [
  ["ecdsa_secp256r1_sha256", "sha256"],
  ["ecdsa_secp384r1_sha384", "sha384"],
  ["ecdsa_secp384r1_sha256", "sha256"],
  ["ecdsa_secp521r1_sha512", "sha512"],
  ["ed25519", "sha512"],
  ["rsa_signature_2048_sha256", "sha256"],
  ["rsa_signature_3072_sha256", "sha256"],
  ["rsa_signature_4096_sha256", "sha256"],
];

for (const [file, hash] of FILES) {
  const cases = readWycheproof(file);
  const keys = new Map(cases.map(({ spki }) => [spki, publicKeyFromSpki(fromHex(spki))]));

  for (const [name, engine] of Object.entries(ENGINES)) {
    if (name === "noble" && file.startsWith("rsa")) continue;
    test(`${name} answers Wycheproof's ${file} rightly`, async () => {
      const checks = new Map<string, SignatureCheck>();
      for (const [spki, key] of keys) checks.set(spki, await engine.importKey(key));
      await Promise.all(cases.map(async ({ name, spki, message, signature, result }) => {
        const verified = await checks.get(spki)!(message, signature, hash);
        assert.equal(verified, result === "valid", name);
      }));
    });
  }

  test(`verifySignature() answers Wycheproof's ${file} rightly`, async () => {
    for (const { name, spki, message, signature, result } of cases) {
      const verified = await verifySignature(keys.get(spki)!, message, signature);
      assert.equal(verified, result === "valid", name);
    }
  });
}

test("Wycheproof leaves open only RSA padding without NULL, which every engine refuses", () => {
  const open = FILES.flatMap(([file]) => readWycheproof(file))
    .filter(({ result }) => result === "acceptable");
  assert.deepEqual(open.map(({ flags }) => flags), [
    ["MissingNull"],
    ["MissingNull"],
    ["MissingNull"],
  ]);
});
