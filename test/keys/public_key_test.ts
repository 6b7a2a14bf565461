import assert from "node:assert/strict";
import { test } from "node:test";
import { concatBytes, decodeBase64, encodeBase64 } from "../../lib/base/bytes.ts";
import { encodePem } from "../../lib/keys/pem.ts";
import { parsePublicKey, publicKeyFromSpki } from "../../lib/keys/public_key.ts";
import { KEY_NAMES, readKeyFile } from "./cosign_keys.ts";
import { GOLDEN_PUBLIC_KEY } from "./golden.ts";
import { fromHex } from "./wycheproof.ts";

const ALGORITHMS: Readonly<Record<string, string>> = {
  rsa2048: "rsa",
  rsa3072: "rsa",
  rsa4096: "rsa",
  p384: "ecdsa-p384",
  p521: "ecdsa-p521",
  ed25519: "ed25519",
};

const SECP256K1 =
  "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEMWZmBpzzYZPo7FPoYUSG3Keu03NYiVoZhh+nrSejScl+CYQbUIRjN7jAIONoSrUN" +
  "TkADALXVu254yOUlrjzX1Q==";
const RSA_1024 =
  "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDHEWAAWAogSaN2TEp8TmWjdn3TOT4nkHom0zB2uuMGrGomthm9eOoA5qwy" +
  "y6z8rfsgZlgGTcoJe5sJG5rfks4D1jPV6GLCb0E81Dzfk5rwwJK0fYa991XCmpp4I7c9mXcCPMHVU66rFJXfdU+rQ1a+6KAL" +
  "c3H7eaBuiSI47p2SSwIDAQAB";
const P256_COMPRESSED =
  "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADLbaEGM2h0vpc1xz/g2mTVUCxaZrPQC3YnXHKzsnl5jk=";
const X25519 = "302a300506032b656e032100" + "09".padEnd(64, "0");
const P256_INFINITY = "3019301306072a8648ce3d020106082a8648ce3d03010703020000";

test("parsePublicKey() reads every public key that cosign wrote, and writes it the same", () => {
  for (const name of KEY_NAMES) {
    const text = readKeyFile(name, "pub");
    const key = parsePublicKey(text);
    assert.equal(key.algorithm, ALGORITHMS[name] ?? "ecdsa-p256", name);
    assert.equal(key.pem, text, name);
  }
});

test("parsePublicKey() names a key by the SHA-256 of its SPKI, in both spellings", () => {
  const key = parsePublicKey(GOLDEN_PUBLIC_KEY);
  // From `openssl pkey -pubin -outform DER | sha256sum`.
  assert.equal(key.fingerprint, "cc8b8e7e643505699178488f1b6153b69a68971d21f8efe26297da1764bb6f8d");
  assert.equal(key.hint, encodeBase64(fromHex(key.fingerprint)));
});

test("parsePublicKey() reads an RSA key in PKCS#1 as the same key", () => {
  const key = parsePublicKey(readKeyFile("rsa2048", "pub"));
  // In the SPKI of such a key 24 bytes of algorithm and lengths stand before the PKCS#1 key.
  const pkcs1 = encodePem("RSA PUBLIC KEY", key.spki.subarray(24));
  assert.deepEqual(parsePublicKey(pkcs1), key);
});

test("parsePublicKey() refuses kinds of keys that cosign refuses", () => {
  const pem = (der: Uint8Array): string => encodePem("PUBLIC KEY", der);
  const refusals: readonly (readonly [der: Uint8Array, why: RegExp])[] = [
    [
      decodeBase64(SECP256K1),
      /^Cannot read key x: keys of kind secp256k1 are not supported; use /u,
    ],
    [decodeBase64(RSA_1024), /^Cannot read key x: RSA of 1024 bits is too short; use /u],
    [fromHex(X25519), /keys of kind x25519 are not supported/u],
  ];
  for (const [der, message] of refusals) {
    assert.throws(() => parsePublicKey(pem(der), "key x"), { code: "KEY", message });
  }
});

test("publicKeyFromSpki() refuses every form but the one in which Go writes a key", () => {
  const { spki } = parsePublicKey(GOLDEN_PUBLIC_KEY);
  const offCurve = Uint8Array.from(spki);
  offCurve[90]! ^= 1;
  const refused = {
    "bytes after the key": concatBytes([spki, new Uint8Array(1)]),
    "a compressed point": decodeBase64(P256_COMPRESSED),
    "the point at infinity": fromHex(P256_INFINITY),
    "a point off the curve": offCurve,
    "a truncated key": spki.subarray(0, -1),
    "no bytes": new Uint8Array(),
  };
  for (const [form, der] of Object.entries(refused)) {
    assert.throws(() => publicKeyFromSpki(der), { code: "KEY" }, form);
  }
});

test("parsePublicKey() refuses a private key and does not show it", () => {
  assert.throws(() => parsePublicKey(readKeyFile("p384", "plain.pem"), "key x"), {
    code: "KEY",
    message: 'Cannot read key x: it is a "PRIVATE KEY"; want a "PUBLIC KEY"',
  });
});
