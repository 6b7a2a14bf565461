import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject } from "node:crypto";
import { encodeBase64, equalBytes } from "../base/bytes.ts";
import { sha256, sha256Hex } from "../base/hash.ts";
import { type KeyAlgorithm, recogniseAlgorithm } from "./algorithm.ts";
import { KeyError } from "./key_error.ts";
import { decodePem, encodePem } from "./pem.ts";

/** A public key that is fit to verify with. Made only by the functions of this file. */
export interface PublicKey {
  readonly algorithm: KeyAlgorithm;
  /** SubjectPublicKeyInfo, DER (RFC 5280 §4.1.2.7). Not to be changed. */
  readonly spki: Uint8Array;
  /** SHA-256 of `spki`, 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** SHA-256 of `spki` in base64: what cosign writes as a bundle's `publicKey.hint`. */
  readonly hint: string;
  /** PEM with the label PUBLIC KEY, as cosign writes its `.pub` files. */
  readonly pem: string;
}

/** The DER of PKIX and of PKCS#1, by the label of their PEM. */
const DER_TYPES: Readonly<Record<string, "spki" | "pkcs1">> = {
  "PUBLIC KEY": "spki",
  "RSA PUBLIC KEY": "pkcs1",
};

/** Bytes of the one form in which Go reads and writes such keys: named curve, point uncompressed. */
const SPKI_BYTES: Readonly<Record<Exclude<KeyAlgorithm, "rsa">, number>> = {
  "ecdsa-p256": 91,
  "ecdsa-p384": 120,
  "ecdsa-p521": 158,
  ed25519: 44,
};

function importDer(der: Uint8Array, type: "spki" | "pkcs1", what: string): PublicKey {
  let key: KeyObject;
  let spki: Uint8Array;
  try {
    key = createPublicKey({ key: Buffer.from(der), format: "der", type });
    spki = new Uint8Array(key.export({ type: "spki", format: "der" }));
  } catch (cause) {
    // · Deno 2.9 reads RSA keys up to 4096 bits, Node up to 16384.
    throw new KeyError(
      `Cannot read ${what}: it is damaged, or of a kind that this runtime does not know`,
      { cause },
    );
  }
  return {
    algorithm: recogniseAlgorithm(key, what),
    spki,
    fingerprint: sha256Hex(spki),
    hint: encodeBase64(sha256(spki)),
    pem: encodePem("PUBLIC KEY", spki),
  };
}

/**
 * Read a key from its SubjectPublicKeyInfo.
 *
 * @param what names the key in the error: "public key cosign.pub"
 * @throws {KeyError} if it is not exactly one key in its usual form, or of an unsupported kind
 */
export function publicKeyFromSpki(spki: Uint8Array, what = "public key"): PublicKey {
  const key = importDer(spki, "spki", what);
  // Node 24 takes bytes after the key, a compressed point and explicit parameters; Deno 2.9 takes a
  // compressed point alone and writes it anew, so that one key would have two fingerprints. Go takes
  // none of them.
  const { algorithm } = key;
  const usual = algorithm === "rsa" || spki.length === SPKI_BYTES[algorithm];
  if (usual && equalBytes(key.spki, spki)) return key;
  throw new KeyError(
    `Cannot read ${what}: its DER is not in the usual form (named curve, uncompressed point); ` +
      "write it anew with openssl pkey -pubin -ec_conv_form uncompressed -ec_param_enc named_curve",
  );
}

/**
 * Read an RSA key from PKCS#1 (RFC 8017 §A.1.1).
 *
 * @param what names the key in the error: "public key cosign.pub"
 * @throws {KeyError}
 */
export function publicKeyFromPkcs1(pkcs1: Uint8Array, what = "public key"): PublicKey {
  return importDer(pkcs1, "pkcs1", what);
}

/**
 * Read a public key from PEM: `PUBLIC KEY` (PKIX) or `RSA PUBLIC KEY` (PKCS#1).
 *
 * @param what names the key in the error: "public key cosign.pub"
 * @throws {KeyError}
 */
export function parsePublicKey(pemText: string, what = "public key"): PublicKey {
  const { label, bytes } = decodePem(pemText, what);
  const type = DER_TYPES[label];
  if (type === "spki") return publicKeyFromSpki(bytes, what);
  if (type === "pkcs1") return publicKeyFromPkcs1(bytes, what);
  throw new KeyError(`Cannot read ${what}: it is a "${label}"; want a "PUBLIC KEY"`);
}
