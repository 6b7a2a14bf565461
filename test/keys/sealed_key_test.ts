import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { decodePem, encodePem } from "../../lib/keys/pem.ts";
import { parsePrivateKey } from "../../lib/keys/private_key.ts";
import { openSealedKey, sealKey } from "../../lib/keys/sealed_key.ts";
import { KEY_NAMES, openKey, readKeyFile } from "./cosign_keys.ts";
import {
  GOLDEN_NONCE,
  GOLDEN_PASSWORD,
  GOLDEN_PRIVATE_KEY,
  GOLDEN_PUBLIC_KEY,
  GOLDEN_SALT,
} from "./golden.ts";

/** cosign's text of the golden key, with a piece of the JSON within replaced. */
function alteredKey(piece: string, replacement: string): string {
  const { label, bytes } = decodePem(GOLDEN_PRIVATE_KEY, "key");
  const json = decodeText(bytes);
  assert.ok(json.includes(piece));
  return encodePem(label, encodeText(json.replace(piece, replacement)));
}

test("openSealedKey() opens every key that cosign 1.3.1, 2.6.1 and 3.1.3 wrote", async () => {
  for (const name of KEY_NAMES) {
    const { publicKey } = parsePrivateKey(await openKey(name));
    assert.equal(publicKey.pem, readKeyFile(name, "pub"), name);
  }
});

test("sealKey() writes the golden key as cosign did, byte for byte", async () => {
  const pkcs8 = await openSealedKey(GOLDEN_PRIVATE_KEY, GOLDEN_PASSWORD);
  assert.equal(parsePrivateKey(pkcs8).publicKey.pem, GOLDEN_PUBLIC_KEY);
  const drawn = [GOLDEN_SALT, GOLDEN_NONCE];
  const random = (length: number): Uint8Array => {
    const bytes = drawn.shift()!;
    assert.equal(bytes.length, length);
    return bytes;
  };
  assert.equal(await sealKey(pkcs8, GOLDEN_PASSWORD, random), GOLDEN_PRIVATE_KEY);
});

test("sealKey() never writes the same file twice, and openSealedKey() opens each", async () => {
  const pkcs8 = await openKey("ed25519");
  const password = encodeText("pässwörd");
  const [one, other] = [await sealKey(pkcs8, password), await sealKey(pkcs8, password)];
  assert.notEqual(one, other);
  assert.deepEqual(await openSealedKey(one, password), pkcs8);
  assert.deepEqual(await openSealedKey(other, password), pkcs8);
});

test("openSealedKey() opens a key of the highest costs that cosign knows", async () => {
  // Made with the same password, salt and nonce over the bytes 1, 2, 3, N = 131072.
  const sealed = encodePem(
    "ENCRYPTED SIGSTORE PRIVATE KEY",
    encodeText(
      '{"kdf":{"name":"scrypt","params":{"N":131072,"r":8,"p":1},' +
        '"salt":"0bpI4vB4BKVuOguiqWQVMkgJugqlqQ2KsannjESmksY="},"cipher":{"name":"nacl/secretbox",' +
        '"nonce":"9GrwhDOBuLnVXnOtK4aU06/DdUw9+tgW"},"ciphertext":"/uHtlfS5liaCfHYc4PQAvdw6sg=="}',
    ),
  );
  assert.deepEqual(await openSealedKey(sealed, GOLDEN_PASSWORD), new Uint8Array([1, 2, 3]));
});

test("openSealedKey() says that the password is wrong, and not which was tried", async () => {
  const refusal = {
    code: "PASSWORD",
    message: "Cannot open private key: the password is wrong, or the file is damaged",
  };
  for (const password of ["", "test ", "Test"]) {
    await assert.rejects(openSealedKey(GOLDEN_PRIVATE_KEY, encodeText(password)), refusal);
  }
  const damaged = alteredKey('"ciphertext":"I2we', '"ciphertext":"J2we');
  await assert.rejects(openSealedKey(damaged, GOLDEN_PASSWORD), refusal);
  const emptied = alteredKey('"ciphertext":"', '"ciphertext":"","was":"');
  await assert.rejects(openSealedKey(emptied, GOLDEN_PASSWORD), refusal);
});

test("openSealedKey() refuses other scrypt parameters", async () => {
  for (const params of ['"N":1048576,"r":8,"p":1', '"N":65536,"r":16,"p":1', '"N":2,"r":8,"p":1']) {
    await assert.rejects(
      openSealedKey(alteredKey('"N":65536,"r":8,"p":1', params), GOLDEN_PASSWORD),
      { code: "KEY", message: /^Cannot read private key: kdf\.params\.[Nr]: / },
    );
  }
});

test("openSealedKey() refuses other ciphers and broken fields", async () => {
  const alterations: readonly (readonly [piece: string, replacement: string, path: string])[] = [
    ['"scrypt"', '"argon2id"', "kdf.name"],
    ['"nacl/secretbox"', '"none"', "cipher.name"],
    ['"salt":"', '"salt":"*', "kdf.salt"],
    ['"nonce":"9Grw', '"nonce":"', "cipher.nonce"],
    ['"ciphertext":"', '"ciphertext":7,"was":"', "ciphertext"],
  ];
  for (const [piece, replacement, path] of alterations) {
    await assert.rejects(openSealedKey(alteredKey(piece, replacement), GOLDEN_PASSWORD), {
      code: "KEY",
      message: new RegExp(`^Cannot read private key: ${path.replace(".", "\\.")}: `, "u"),
    });
  }
});

test("openSealedKey() tells of a plain key that cosign refuses it, and does not show it", async () => {
  for (const name of ["p384", "p256-sec1"]) {
    const text = readKeyFile(name, "plain.pem");
    await assert.rejects(openSealedKey(text, GOLDEN_PASSWORD), (error: Error) => {
      assert.match(
        error.message,
        /^Cannot open private key: it is a ".*PRIVATE KEY".*cosign refuses/u,
      );
      assert.match(error.message, /import-key-pair$/u);
      assert.ok(!error.message.includes(text.split("\n")[1]!));
      return true;
    });
  }
});

test("openSealedKey() refuses a public key and text that is no PEM", async () => {
  await assert.rejects(openSealedKey(GOLDEN_PUBLIC_KEY, GOLDEN_PASSWORD), {
    code: "KEY",
    message: /it is a "PUBLIC KEY"; want an "ENCRYPTED SIGSTORE PRIVATE KEY"$/u,
  });
  await assert.rejects(openSealedKey("{}", GOLDEN_PASSWORD), { code: "KEY", message: /not PEM/u });
});
