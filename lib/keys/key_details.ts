import type { PublicKey } from "./public_key.ts";

const DETAILS: Readonly<Record<Exclude<PublicKey["algorithm"], "rsa">, string>> = {
  "ecdsa-p256": "PKIX_ECDSA_P256_SHA_256",
  "ecdsa-p384": "PKIX_ECDSA_P384_SHA_384",
  "ecdsa-p521": "PKIX_ECDSA_P521_SHA_512",
  ed25519: "PKIX_ED25519",
};

/** RSA keys by the length of their DER, with the usual exponent of three bytes. */
const RSA_DETAILS: Readonly<Record<number, string>> = {
  294: "PKIX_RSA_PKCS1V15_2048_SHA256",
  422: "PKIX_RSA_PKCS1V15_3072_SHA256",
  550: "PKIX_RSA_PKCS1V15_4096_SHA256",
};

/**
 * What Sigstore calls a kind of key (protobuf-specs, sigstore_common.proto, PublicKeyDetails);
 * `undefined` for an RSA key of another size than 2048, 3072 and 4096 bits.
 */
export function keyDetails({ algorithm, spki }: PublicKey): string | undefined {
  return algorithm === "rsa" ? RSA_DETAILS[spki.length] : DETAILS[algorithm];
}
