import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { generateKeyPair } from "../../lib/keys/generate_key_pair.ts";
import { parsePrivateKey } from "../../lib/keys/private_key.ts";
import { parsePublicKey } from "../../lib/keys/public_key.ts";
import { openSealedKey } from "../../lib/keys/sealed_key.ts";
import { verifySignature } from "../../lib/keys/verify_signature.ts";

test("generateKeyPair() makes a P-256 pair whose halves belong together", async () => {
  for (const password of [encodeText("pw"), new Uint8Array()]) {
    const { privateKeyPem, publicKeyPem } = await generateKeyPair(password);
    assert.match(privateKeyPem, /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n/u);
    const key = parsePrivateKey(await openSealedKey(privateKeyPem, password));
    assert.equal(key.algorithm, "ecdsa-p256");
    assert.equal(key.publicKey.pem, publicKeyPem);
    const message = encodeText("message");
    const signature = await key.sign(message);
    assert.equal(await verifySignature(parsePublicKey(publicKeyPem), message, signature), true);
  }
});

test("generateKeyPair() makes another pair each time", async () => {
  const [one, other] = [
    await generateKeyPair(encodeText("")),
    await generateKeyPair(encodeText("")),
  ];
  assert.notEqual(one.publicKeyPem, other.publicKeyPem);
});
