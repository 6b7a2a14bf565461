import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import type { SignatureHash } from "../../lib/keys/algorithm.ts";
import { startDigests } from "../../lib/keys/message_digests.ts";
import { parsePrivateKey } from "../../lib/keys/private_key.ts";
import { parsePublicKey, publicKeyFromSpki } from "../../lib/keys/public_key.ts";
import { openSealedKey } from "../../lib/keys/sealed_key.ts";
import { verifyPrehashed } from "../../lib/keys/verify_prehashed.ts";
import { verifySignature } from "../../lib/keys/verify_signature.ts";
import { fixturePath } from "../support/fixtures.ts";
import { fromHex, readWycheproof } from "./wycheproof.ts";

function digestsOf(message: Uint8Array) {
  const running = startDigests(["sha256", "sha384", "sha512"]);
  // Piece by piece, as a file comes.
  for (let start = 0; start < message.length; start += 7) {
    running.update(message.subarray(start, start + 7));
  }
  return running.digests();
}

for (
  const file of [
    "ecdsa_secp256r1_sha256",
    "ecdsa_secp384r1_sha384",
    "ecdsa_secp384r1_sha256",
    "ecdsa_secp521r1_sha512",
    "rsa_signature_2048_sha256",
    "rsa_signature_3072_sha256",
    "rsa_signature_4096_sha256",
  ]
) {
  test(`verifyPrehashed() answers Wycheproof's ${file} rightly`, async () => {
    for (const { name, spki, message, signature, result } of readWycheproof(file)) {
      const key = publicKeyFromSpki(fromHex(spki));
      const verified = await verifyPrehashed(key, digestsOf(message), signature);
      assert.equal(verified, result === "valid", name);
    }
  });
}

const readKey = (name: string): string => readFileSync(fixturePath(`keys/${name}`), "utf8");

for (const name of ["imported-p256", "p384", "p521", "rsa2048", "rsa3072", "rsa4096", "ed25519"]) {
  test(`signPieces() signs with ${name} what both ways of verifying take`, async () => {
    const key = parsePublicKey(readKey(`${name}.pub`));
    const sealed = readKey(`${name}.key`);
    const signer = parsePrivateKey(await openSealedKey(sealed, encodeText(`${name}-pw`)));
    const message = encodeText("a message in pieces");
    const pieces = async function* () {
      for (const byte of message) yield await Promise.resolve(Uint8Array.of(byte));
    };
    const signature = await signer.signPieces(pieces());
    assert.ok(await verifySignature(key, message, signature));
    const digests = digestsOf(message);
    const isEd25519 = key.algorithm === "ed25519";
    assert.equal(await verifyPrehashed(key, digests, signature), !isEd25519);
    const other = digestsOf(encodeText("another"));
    assert.equal(await verifyPrehashed(key, other, signature), false);
    assert.equal(await verifyPrehashed(key, digests, signature.subarray(1)), false);
    assert.equal(await verifyPrehashed(key, {}, signature), false);
    for (const hash of Object.keys(digests) as SignatureHash[]) {
      const short = { [hash]: digests[hash]!.subarray(1) };
      assert.equal(await verifyPrehashed(key, short, signature), false, `a short ${hash}`);
    }
  });
}

test("signPieces() holds only so much for Ed25519, and says so", async () => {
  const sealed = readKey("ed25519.key");
  const signer = parsePrivateKey(await openSealedKey(sealed, encodeText("ed25519-pw")));
  const piece = new Uint8Array(64 * 1024 * 1024);
  const pieces = async function* () {
    for (let count = 0; count < 3; count++) yield await Promise.resolve(piece);
  };
  await assert.rejects(signer.signPieces(pieces()), { code: "KEY" });
});
