import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { test } from "node:test";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import * as fc from "fast-check";
import { concatBytes, decodeBase64, encodeText } from "../../lib/base/bytes.ts";
import { SIGNATURE_HASHES, type SignatureHash } from "../../lib/keys/algorithm.ts";
import { parsePrivateKey } from "../../lib/keys/private_key.ts";
import { parsePublicKey, type PublicKey, publicKeyFromSpki } from "../../lib/keys/public_key.ts";
import { verifySignature } from "../../lib/keys/verify_signature.ts";
import { openKey, readBundle, readKeyFile, readLegacy, type SignedMessage } from "./cosign_keys.ts";
import { GOLDEN_PAYLOAD, GOLDEN_PUBLIC_KEY, GOLDEN_STATEMENT } from "./golden.ts";

function publicKey(name: string): PublicKey {
  return parsePublicKey(readKeyFile(name, "pub"));
}

/** Blobs of test/vectors/cosign that hold one signature of each kind, made by cosign 3.1.3. */
const COSIGN_SIGNATURES: readonly (readonly [key: string, signed: SignedMessage])[] = [
  ["rsa2048", readLegacy("4ac85da5cad536123915a5ab944ef5dca0f18cee66b5d3dfb29a4fe910c4276b")],
  ["rsa3072", readBundle("4789177e3645ad7809720b7dbaefbd53aa529c8b5cdc6329df4d5db2371b2286")],
  ["rsa4096", readBundle("910d7f3232d3a3533b570b57238d68ba7238ba73bd8f9e6e735049b81f8e64fd")],
  ["p384", readLegacy("f8a2e19baa569d3b2bf758a63231327bd04f533890d071a59843c3c652c8af5b")],
  ["p521", readBundle("1af59a94013574518b0d7ccc5a8862697e61cc58e06d97024ac13c821d2fef05")],
  ["ed25519", readBundle("8641de931578418e0ed9819679f86a2a3be91d7cbb9085bfed59cedc84e9fee3")],
  ["imported-p256", readLegacy("020b496697f252063130e81254ab7239f506231cdbe8705d4523ea65a769667f")],
  ["p256-sec1", readBundle("88b65e21aad558bd299d047cf3358b2259f7f5c7a2141e71c770d11983c02e2f")],
];

const ARTEFACT = encodeText("my test artefact\n");

/** Made with OpenSSL: what `cosign verify` expects where cosign itself signs otherwise. */
const OTHER_SIGNATURES: Readonly<Record<string, string>> = {
  // Over SHA-256; Deno 2.9's node:crypto refuses the one by P-521.
  p384:
    "MGUCMEm04Ew0nxDhNn5AJnUGrOFs5hx1gceDuQmohZneUUa/lKzmfcwmvmM4KO237UPqtQIxAOk4iPY6P3lcqQs6gv6Y" +
    "vCt0+GIwIxkS2e5YfHXEcVLgx3Fi04FaPWHWZlGNY1w8SA==",
  p521:
    "MIGGAkE5Bz56E1lb5InSkTH2bH16CixmLtUt5Xis+RDj8ocQepyo+vZhprwQYXyBMtAaB62HNiGU192M7rqAfQidTMai" +
    "iQJBXeWpDLDlD3TI1Dmo86BJWfdKJtKsePBdwJcXsKWinB2hmk79/Ej6K8hE/840DDl32fimd3hF7B2aDDPUx7tVVl0=",
  // Pure, not Ed25519ph.
  ed25519:
    "wzpnjhGCZ5cs+Et7dSPw2yJkh+WtaWgD0VLExxJAjexnVRuc91plbtG/n3Y2sqHOeGfj2YjI2Ooo18UBq/0lAw==",
};

test("verifySignature() takes the golden signatures of cosign 3.1.3", async () => {
  const key = parsePublicKey(GOLDEN_PUBLIC_KEY);
  for (const { message, signature } of [GOLDEN_STATEMENT, GOLDEN_PAYLOAD]) {
    assert.equal(await verifySignature(key, message, signature), true);
  }
  assert.equal(
    await verifySignature(key, GOLDEN_STATEMENT.message, GOLDEN_PAYLOAD.signature),
    false,
  );
});

test("verifySignature() takes cosign's signatures by every kind of key", async () => {
  for (const [name, { message, signature }] of COSIGN_SIGNATURES) {
    assert.equal(await verifySignature(publicKey(name), message, signature), true, name);
  }
});

test("verifySignature() takes signatures over SHA-256, and pure Ed25519, too", async () => {
  for (const [name, signature] of Object.entries(OTHER_SIGNATURES)) {
    const verified = await verifySignature(publicKey(name), ARTEFACT, decodeBase64(signature));
    assert.equal(verified, true, name);
  }
});

test("verifySignature() refuses the signature of another key of the same kind", async () => {
  assert.equal(
    await verifySignature(
      publicKey("wrong-p256"),
      GOLDEN_PAYLOAD.message,
      GOLDEN_PAYLOAD.signature,
    ),
    false,
  );
  const [, rsa] = COSIGN_SIGNATURES[0]!;
  assert.equal(await verifySignature(publicKey("rsa3072"), rsa.message, rsa.signature), false);
});

test("verifySignature() refuses an altered message or signature, whatever the key", async () => {
  for (const [name, { message, signature }] of COSIGN_SIGNATURES) {
    const key = publicKey(name);
    const altered = (bytes: Uint8Array, index: number): Uint8Array =>
      bytes.with(index, bytes[index]! ^ 1);
    const refused = {
      "first byte of the message": [altered(message, 0), signature],
      "last byte of the message": [altered(message, message.length - 1), signature],
      "message longer": [concatBytes([message, new Uint8Array(1)]), signature],
      "message empty": [new Uint8Array(), signature],
      "first byte of the signature": [message, altered(signature, 0)],
      "last byte of the signature": [message, altered(signature, signature.length - 1)],
      "signature longer": [message, concatBytes([signature, new Uint8Array(1)])],
      "signature after a zero": [message, concatBytes([new Uint8Array(1), signature])],
      "signature empty": [message, new Uint8Array()],
      "signature of zeros": [message, new Uint8Array(signature.length)],
    } as const;
    for (const [fault, [body, bytes]] of Object.entries(refused)) {
      assert.equal(await verifySignature(key, body, bytes), false, `${name}: ${fault}`);
    }
  }
});

test("verifySignature() refuses a signature cut off anywhere", async () => {
  for (const [name, { message, signature }] of COSIGN_SIGNATURES) {
    const key = publicKey(name);
    // Every length for ECDSA's DER; noble needs milliseconds for each with Ed25519.
    const step = key.algorithm === "ed25519" ? 9 : key.algorithm === "rsa" ? 31 : 1;
    for (let length = 0; length < signature.length; length += step) {
      const verified = await verifySignature(key, message, signature.subarray(0, length));
      assert.equal(verified, false, `${name}: ${length} bytes`);
    }
  }
});

test("verifySignature() answers false, and never throws, for garbage", async () => {
  const keys = ["p256-sec1", "p384", "p521", "rsa2048", "ed25519"].map(publicKey);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...keys),
      fc.uint8Array({ maxLength: 40 }),
      fc.oneof(fc.uint8Array({ maxLength: 600 }), fc.uint8Array({ minLength: 64, maxLength: 64 })),
      async (key, message, signature) => {
        assert.equal(await verifySignature(key, message, signature), false);
      },
    ),
    { numRuns: 200 },
  );
});

test("verifySignature() gives the same answers to many callers at once", async () => {
  const key = parsePublicKey(GOLDEN_PUBLIC_KEY);
  const { message, signature } = GOLDEN_PAYLOAD;
  const answers = await Promise.all(
    Array.from(
      { length: 64 },
      (_, index) =>
        verifySignature(key, index % 2 === 0 ? message : GOLDEN_STATEMENT.message, signature),
    ),
  );
  assert.deepEqual(answers, Array.from({ length: 64 }, (_, index) => index % 2 === 0));
});

test("verifySignature() takes what every kind of key signs, of any length", async () => {
  for (const name of ["cosign1-p256", "p384", "p521", "rsa2048", "ed25519"]) {
    const key = parsePrivateKey(await openKey(name));
    for (const length of [0, 1, 127, 128, 100_000]) {
      const message = new Uint8Array(length).fill(length);
      const signature = await key.sign(message);
      assert.equal(await verifySignature(key.publicKey, message, signature), true, name);
    }
  }
});

/** Sign as a key service may: over any hash. Deno's node:crypto signs not every one on every curve. */
function signOver(key: KeyObject, hash: SignatureHash): Uint8Array {
  const curve = { prime256v1: p256, secp384r1: p384, secp521r1: p521 }[
    key.asymmetricKeyDetails?.namedCurve ?? ""
  ];
  if (curve === undefined) return sign(hash, ARTEFACT, key);
  const digest = createHash(hash).update(ARTEFACT).digest();
  const secret = decodeBase64(key.export({ format: "jwk" }).d!);
  return curve.sign(digest, secret, { prehash: false, lowS: false, format: "der" });
}

test("verifySignature() takes signatures over another hash only where it is told of that hash", async () => {
  const pairs = [
    ...["P-256", "P-384", "P-521"].map((namedCurve) => generateKeyPairSync("ec", { namedCurve })),
    generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ];
  for (const pair of pairs) {
    const key = publicKeyFromSpki(
      new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" })),
    );
    const { algorithm } = key;
    if (algorithm === "ed25519") throw new Error("there is none");
    const natural = signOver(pair.privateKey, SIGNATURE_HASHES[algorithm][0]);
    for (const hash of ["sha256", "sha384", "sha512"] as const) {
      const signature = signOver(pair.privateKey, hash);
      const fits = SIGNATURE_HASHES[algorithm].includes(hash);
      const what: string = `${algorithm} over ${hash}`;
      assert.equal(await verifySignature(key, ARTEFACT, signature), fits, what);
      assert.equal(await verifySignature(key, ARTEFACT, signature, hash), true, what);
      assert.equal(await verifySignature(key, encodeText("x"), signature, hash), false, what);
      assert.equal(await verifySignature(key, ARTEFACT, natural, hash), true, what);
    }
    assert.equal(await verifySignature(key, ARTEFACT, new Uint8Array(9), "sha512"), false);
  }
  const [, signed] = COSIGN_SIGNATURES.find(([name]) => name === "ed25519")!;
  const ed25519 = publicKey("ed25519");
  assert.equal(await verifySignature(ed25519, signed.message, signed.signature, "sha512"), true);
});
