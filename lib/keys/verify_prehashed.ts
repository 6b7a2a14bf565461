import { Buffer } from "node:buffer";
import { createPublicKey } from "node:crypto";
import type { ECDSA } from "@noble/curves/abstract/weierstrass.js";
import { decodeBase64 } from "../base/bytes.ts";
import { CURVES, type EcdsaAlgorithm, SIGNATURE_HASHES, type SignatureHash } from "./algorithm.ts";
import { ecdsaSignatureToRaw } from "./ecdsa_signature.ts";
import type { MessageDigests } from "./message_digests.ts";
import type { PublicKey } from "./public_key.ts";

// No platform checks a signature over a digest: node:crypto hashes what it is given
// (nodejs/node#60263), and so does Web Crypto.

/** The curves, loaded only where a message is too large to be held. */
async function loadCurve(algorithm: EcdsaAlgorithm): Promise<ECDSA> {
  const { p256, p384, p521 } = await import("@noble/curves/nist.js");
  return { "ecdsa-p256": p256, "ecdsa-p384": p384, "ecdsa-p521": p521 }[algorithm];
}

async function verifyEcdsa(
  { spki }: PublicKey,
  algorithm: EcdsaAlgorithm,
  digest: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { numberBytes } = CURVES[algorithm];
  const raw = ecdsaSignatureToRaw(signature, numberBytes);
  if (raw === undefined) return false;
  const point = spki.subarray(-(1 + 2 * numberBytes));
  const curve = await loadCurve(algorithm);
  // As the platforms, and Go: any s, where noble by itself wants the lower of two.
  return curve.verify(raw, digest, point, { prehash: false, lowS: false, format: "compact" });
}

/** The DER before a digest in DigestInfo (RFC 8017 §9.2, note 1). */
const DIGEST_INFO: Readonly<Record<SignatureHash, string>> = {
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
};

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function powMod(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let power = base;
  for (let bits = exponent; bits > 0n; bits >>= 1n) {
    if ((bits & 1n) === 1n) result = result * power % modulus;
    power = power * power % modulus;
  }
  return result;
}

/** Larger ones would only cost time; every key that is made has 65537, and Go wants 31 bits. */
const MAX_EXPONENT = 2n ** 31n;

/**
 * RSASSA-PKCS1-v1_5 by comparing encoded messages whole (RFC 8017 §8.2.2): nothing of the padding is
 * parsed. Only public numbers are worked with, so that time may tell of them. Deno has no raw RSA.
 */
function verifyRsa(
  { spki }: PublicKey,
  hash: SignatureHash,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { n, e } = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" })
    .export({ format: "jwk" });
  const modulusBytes = decodeBase64(n!);
  const modulus = toBigInt(modulusBytes);
  const exponent = toBigInt(decodeBase64(e!));
  const length = modulusBytes.length;
  const value = signature.length === length ? toBigInt(signature) : modulus;
  if (value >= modulus || exponent >= MAX_EXPONENT) return false;
  const info = `${DIGEST_INFO[hash]}${Buffer.from(digest).toString("hex")}`;
  const padding = "ff".repeat(length - 3 - info.length / 2);
  const opened = powMod(value, exponent, modulus).toString(16).padStart(2 * length, "0");
  return opened === `0001${padding}00${info}`;
}

const DIGEST_BYTES: Readonly<Record<SignatureHash, number>> = {
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/**
 * Whether `key` made `signature` over the message with these digests, in any way that cosign signs or
 * verifies, without the message. Only for ECDSA and RSA: Ed25519 signs the message itself, and with
 * such a key this is false. A malformed signature is false, and no error.
 */
export async function verifyPrehashed(
  key: PublicKey,
  digests: MessageDigests,
  signature: Uint8Array,
): Promise<boolean> {
  const { algorithm } = key;
  if (algorithm === "ed25519") return false;
  for (const hash of SIGNATURE_HASHES[algorithm]) {
    const digest = digests[hash];
    if (digest === undefined || digest.length !== DIGEST_BYTES[hash]) continue;
    try {
      const valid = algorithm === "rsa"
        ? verifyRsa(key, hash, digest, signature)
        : await verifyEcdsa(key, algorithm, digest, signature);
      if (valid) return true;
    } catch {
      // noble throws for what is malformed.
    }
  }
  return false;
}
