import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { inspect } from "node:util";
import { ed25519ph } from "@noble/curves/ed25519.js";
import { encodeText } from "../../lib/base/bytes.ts";
import type { SignatureHash } from "../../lib/keys/algorithm.ts";
import { nodeCryptoEngine } from "../../lib/keys/node_crypto_engine.ts";
import { decodePem } from "../../lib/keys/pem.ts";
import { parsePrivateKey } from "../../lib/keys/private_key.ts";
import { readKeyFile } from "./cosign_keys.ts";
import { fromHex } from "./wycheproof.ts";

const MESSAGE = encodeText("my test artefact\n");

/** A key as it was before the import into cosign: PKCS#8, but two are PKCS#1 and SEC1. */
function plainKey(name: string): Uint8Array {
  return decodePem(readKeyFile(name, "plain.pem"), name).bytes;
}

test("parsePrivateKey() finds the public half", () => {
  for (const name of ["imported-p256", "p384", "p521", "rsa3072", "rsa4096", "ed25519"]) {
    const key = parsePrivateKey(plainKey(name));
    assert.equal(key.publicKey.pem, readKeyFile(name, "pub"), name);
    assert.equal(key.algorithm, key.publicKey.algorithm);
  }
});

test("PrivateKey.sign() signs over the hash that cosign 3 takes", async () => {
  const hashes: Readonly<Record<string, SignatureHash>> = {
    "imported-p256": "sha256",
    p384: "sha384",
    p521: "sha512",
    rsa3072: "sha256",
  };
  for (const [name, hash] of Object.entries(hashes)) {
    const key = parsePrivateKey(plainKey(name));
    const check = await nodeCryptoEngine.importKey(key.publicKey);
    assert.equal(await check(MESSAGE, await key.sign(MESSAGE), hash), true, name);
  }
});

test("PrivateKey.sign() signs with Ed25519ph, as cosign 3 does", async () => {
  const key = parsePrivateKey(plainKey("ed25519"));
  const signature = await key.sign(MESSAGE);
  assert.equal(ed25519ph.verify(signature, MESSAGE, key.publicKey.spki.subarray(-32)), true);
  const pure = await nodeCryptoEngine.importKey(key.publicKey);
  assert.equal(await pure(MESSAGE, signature, "sha512"), false);
});

test("a private key does not show its secret when it is printed", () => {
  const key = parsePrivateKey(plainKey("ed25519"));
  const seed = Buffer.from(plainKey("ed25519").subarray(-32));
  const shown = inspect(key, { depth: Infinity, showHidden: true }) + JSON.stringify(key);
  for (const encoding of ["hex", "base64", "base64url"] as const) {
    assert.ok(!shown.includes(seed.toString(encoding)));
  }
});

test("parsePrivateKey() leaves the caller's bytes as they are", () => {
  const pkcs8 = plainKey("p384");
  parsePrivateKey(pkcs8);
  assert.deepEqual(pkcs8, plainKey("p384"));
});

test("parsePrivateKey() refuses what is no supported key in PKCS#8", () => {
  const x25519 = fromHex("302e020100300506032b656e04220420" + "77".repeat(32));
  assert.throws(() => parsePrivateKey(x25519), {
    code: "KEY",
    message: /^Cannot read private key: keys of kind x25519 are not supported/u,
  });
  for (
    const bytes of [
      new Uint8Array(),
      plainKey("p384").subarray(0, 60),
      plainKey("rsa2048"),
      plainKey("p256-sec1"),
    ]
  ) {
    assert.throws(() => parsePrivateKey(bytes), {
      code: "KEY",
      message: "Cannot read private key: it is not PKCS#8",
    });
  }
});
