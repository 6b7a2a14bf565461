import { versions } from "node:process";
import { SIGNATURE_HASHES, type SignatureHash } from "./algorithm.ts";
import type { Engine, SignatureCheck } from "./engine.ts";
import { nodeCryptoEngine } from "./node_crypto_engine.ts";
import type { PublicKey } from "./public_key.ts";
import { webCryptoEngine } from "./web_crypto_engine.ts";

// Measured for P-256, 32 at a time, on two idle cores: on Node 24 node:crypto 22 k/s, Web Crypto
// 15 k/s; on Deno 2.9 Web Crypto 3.6 k/s, node:crypto 1.4 k/s, which moreover takes no P-521
// signature over SHA-256 for valid.
const engine: Engine = "deno" in versions ? webCryptoEngine : nodeCryptoEngine;

/** Imported keys, so that a fleet's thousand signatures import their key once. */
const imported = new WeakMap<PublicKey, Promise<SignatureCheck>>();

function importOnce(key: PublicKey): Promise<SignatureCheck> {
  let check = imported.get(key);
  if (check === undefined) {
    check = engine.importKey(key);
    imported.set(key, check);
  }
  return check;
}

const ED25519_KEY_BYTES = 32;

/** Check Ed25519ph (RFC 8032 §5.1), which no platform has. */
async function verifyPrehashed(
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  // Loaded only here: it is a third of the start-up of a command that verifies one image.
  const { ed25519ph } = await import("@noble/curves/ed25519.js");
  const point = key.spki.subarray(-ED25519_KEY_BYTES);
  // · Go and OpenSSL follow the RFC's strict equation and encodings; noble's default is ZIP 215.
  return ed25519ph.verify(signature, message, point, { zip215: false });
}

/**
 * Whether `key` made `signature` over `message`, in any way that cosign signs or verifies: ECDSA in
 * DER over the curve's own hash or SHA-256, RSA PKCS#1 v1.5 over SHA-256, Ed25519 or Ed25519ph.
 *
 * cosign 3.1 signs P-384 and P-521 over the curve's hash and with Ed25519ph, and then by default
 * verifies over SHA-256 and pure Ed25519, so that it refuses its own signatures; here they pass.
 * A malformed signature is false, and no error.
 *
 * @param otherHash a hash to try as well with ECDSA and RSA: key services sign over any
 */
export async function verifySignature(
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
  otherHash?: SignatureHash,
): Promise<boolean> {
  const check = await importOnce(key);
  try {
    if (key.algorithm === "ed25519") {
      return await check(message, signature, "sha512") ||
        await verifyPrehashed(key, message, signature);
    }
    for (const hash of SIGNATURE_HASHES[key.algorithm]) {
      if (await check(message, signature, hash)) return true;
    }
    if (otherHash === undefined || SIGNATURE_HASHES[key.algorithm].includes(otherHash)) {
      return false;
    }
    // Web Crypto ties an RSA key to one hash; Deno's node:crypto takes not every hash for every curve.
    const other = key.algorithm === "rsa" ? await nodeCryptoEngine.importKey(key) : check;
    return await other(message, signature, otherHash);
  } catch {
    // Neither platform throws for any vector in the tests, but both may for a malformed signature;
    // noble does.
    return false;
  }
}

/**
 * Whether `key` made `signature` over `message` with just this hash, as certificates, logs and
 * timestamps name theirs: ECDSA in DER, RSA PKCS#1 v1.5, or pure Ed25519, which takes no heed of it.
 * A malformed signature is false, and no error.
 */
export async function verifyHashed(
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
  hash: SignatureHash,
): Promise<boolean> {
  try {
    return await (await importOnce(key))(message, signature, hash);
  } catch {
    return false;
  }
}
