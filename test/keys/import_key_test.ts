import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { importKeyPair } from "../../lib/keys/import_key.ts";
import { KeyError } from "../../lib/keys/key_error.ts";
import { parsePrivateKey } from "../../lib/keys/private_key.ts";
import { parsePublicKey } from "../../lib/keys/public_key.ts";
import { openSealedKey } from "../../lib/keys/sealed_key.ts";
import { verifySignature } from "../../lib/keys/verify_signature.ts";
import { fixturePath } from "../support/fixtures.ts";

const PASSWORD = encodeText("secret");
const read = (name: string): string => readFileSync(fixturePath(`keys/${name}`), "utf8");

for (
  const name of [
    "rsa2048", // PKCS#1
    "rsa3072",
    "rsa4096",
    "p256-sec1",
    "imported-p256",
    "p384",
    "p521",
    "ed25519",
  ]
) {
  test(`importKeyPair() makes of ${name} the pair that cosign made of it`, async () => {
    const { privateKeyPem, publicKeyPem } = await importKeyPair(
      read(`${name}.plain.pem`),
      PASSWORD,
    );
    assert.equal(publicKeyPem, read(`${name}.pub`));
    const key = parsePrivateKey(await openSealedKey(privateKeyPem, PASSWORD));
    const message = encodeText("message");
    const signature = await key.sign(message);
    assert.ok(await verifySignature(parsePublicKey(publicKeyPem), message, signature));
  });
}

test("importKeyPair() skips the parameters that openssl ecparam writes before a key", async () => {
  const pem = `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${
    read("p256-sec1.plain.pem")
  }`;
  const { publicKeyPem } = await importKeyPair(pem, PASSWORD);
  assert.equal(publicKeyPem, read("p256-sec1.pub"));
});

const rsa = (modulusLength: number, publicExponent: number): string =>
  generateKeyPairSync("rsa", { modulusLength, publicExponent }).privateKey
    .export({ type: "pkcs8", format: "pem" }) as string;

// By openssl ecparam -name secp256k1 -genkey -noout.
const SECP256K1 = `-----BEGIN EC PRIVATE KEY-----
MHQCAQEEINkt65x/CGh8QvSVIfJkyEzu2iklZNNlXYDFZ3oGIFxqoAcGBSuBBAAK
oUQDQgAE88vfy5u1zTFsriaqHLf6SqCU0auF8nnN3mKN6bwPGbvvja23X7lzRDCE
vK319vGXY5b6ckHPzAL+c8G4ZI+5cQ==
-----END EC PRIVATE KEY-----
`;

const REFUSED: Readonly<Record<string, () => string>> = {
  "RSA of 1024 bits": () => rsa(1024, 65537),
  "RSA of 2560 bits": () => rsa(2560, 65537),
  "an RSA exponent of 3": () => rsa(2048, 3),
  "secp256k1": () => SECP256K1,
  "an encrypted PKCS#8 key": () =>
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "x",
    }) as string,
  "an encrypted key of OpenSSL's old form": () =>
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n" +
    "-----END RSA PRIVATE KEY-----\n",
  "a sealed key of cosign's": () => read("cosign3-p256.key"),
  "a public key": () => read("p384.pub"),
  "a certificate": () => "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  "damaged DER": () => "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
  "text": () => "hello",
  "two keys": () => read("p384.plain.pem") + read("p521.plain.pem"),
};

for (const [what, make] of Object.entries(REFUSED)) {
  test(`importKeyPair() refuses ${what}`, async () => {
    await assert.rejects(importKeyPair(make(), PASSWORD), KeyError);
  });
}
