import { randomBytes, scrypt } from "node:crypto";
import { secretbox } from "@noble/ciphers/salsa.js";
import * as v from "valibot";
import { decodeBase64, encodeBase64, encodeText } from "../base/bytes.ts";
import { messageOf } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import { KeyError, PasswordError } from "./key_error.ts";
import { decodePem, encodePem } from "./pem.ts";

// The format is that of go-securesystemslib's `encrypted` package, which cosign uses.

const SEALED_LABEL = "ENCRYPTED SIGSTORE PRIVATE KEY";
/** cosign 1.x wrote this one. */
const OLD_SEALED_LABEL = "ENCRYPTED COSIGN PRIVATE KEY";

/** What is written: cosign's "standard". */
const SCRYPT_N = 65536;
const SCRYPT_R = 8;
const SCRYPT_P = 1;
const SALT_BYTES = 32;
const KEY_BYTES = 32;
const NONCE_BYTES = 24;

const Base64Schema = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return decodeBase64(dataset.value);
    } catch {
      addIssue({ message: "not base64" });
      return NEVER;
    }
  }),
);

// cosign refuses other costs too: a file could name one that takes all memory.
const SealedKeySchema = v.object({
  kdf: v.object({
    name: v.literal("scrypt"),
    params: v.object({
      N: v.picklist([32768, SCRYPT_N, 131072]),
      r: v.literal(SCRYPT_R),
      p: v.literal(SCRYPT_P),
    }),
    salt: Base64Schema,
  }),
  cipher: v.object({
    name: v.literal("nacl/secretbox"),
    nonce: v.pipe(Base64Schema, v.length(NONCE_BYTES)),
  }),
  ciphertext: Base64Schema,
});

type SealedKey = v.InferOutput<typeof SealedKeySchema>;

/** Bytes of randomness, as many as asked for. */
export type RandomBytes = (length: number) => Uint8Array;

function deriveKey(password: Uint8Array, salt: Uint8Array, N: number): Promise<Uint8Array> {
  // The memory that scrypt takes is 128·N·r (RFC 7914 §2) and a little; the default limit is 32 MiB.
  const maxmem = 2 * 128 * N * SCRYPT_R;
  return new Promise((resolve, reject) => {
    scrypt(
      password,
      salt,
      KEY_BYTES,
      { N, r: SCRYPT_R, p: SCRYPT_P, maxmem },
      (error, key) => error === null ? resolve(key) : reject(error),
    );
  });
}

function readSealedKey(pemText: string): SealedKey {
  const { label, bytes } = decodePem(pemText, "private key");
  if (label !== SEALED_LABEL && label !== OLD_SEALED_LABEL) {
    throw new KeyError(
      label.endsWith("PRIVATE KEY")
        ? `Cannot open private key: it is a "${label}", not encrypted in cosign's way, ` +
          "and cosign refuses it too; import it with import-key-pair"
        : `Cannot open private key: it is a "${label}"; want an "${SEALED_LABEL}"`,
    );
  }
  try {
    return parseJson("private key", bytes, SealedKeySchema);
  } catch (error) {
    throw new KeyError(messageOf(error), { cause: error });
  }
}

/**
 * Open an encrypted private key as cosign (any version) writes it. The password may be empty.
 *
 * @returns the key in PKCS#8, DER; wipe it after use
 * @throws {PasswordError} if the password is not the one it was sealed with
 * @throws {KeyError} if the text is no such key, or asks for other costs than cosign's
 */
export async function openSealedKey(pemText: string, password: Uint8Array): Promise<Uint8Array> {
  const { kdf, cipher, ciphertext } = readSealedKey(pemText);
  const key = await deriveKey(password, kdf.salt, kdf.params.N);
  try {
    return secretbox(key, cipher.nonce).open(ciphertext);
  } catch {
    throw new PasswordError();
  } finally {
    key.fill(0);
  }
}

/** Encrypt a private key (PKCS#8, DER) as cosign 3 does; cosign 2 opens it too, 1.3.1 does not. */
export async function sealKey(
  pkcs8: Uint8Array,
  password: Uint8Array,
  random: RandomBytes = randomBytes,
): Promise<string> {
  const salt = random(SALT_BYTES);
  const nonce = random(NONCE_BYTES);
  const key = await deriveKey(password, salt, SCRYPT_N);
  try {
    const sealed = {
      kdf: {
        name: "scrypt",
        params: { N: SCRYPT_N, r: SCRYPT_R, p: SCRYPT_P },
        salt: encodeBase64(salt),
      },
      cipher: { name: "nacl/secretbox", nonce: encodeBase64(nonce) },
      ciphertext: encodeBase64(secretbox(key, nonce).seal(pkcs8)),
    };
    return encodePem(SEALED_LABEL, encodeText(JSON.stringify(sealed)));
  } finally {
    key.fill(0);
  }
}
