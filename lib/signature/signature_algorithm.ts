import type { KeyAlgorithm, SignatureHash } from "../keys/algorithm.ts";

/** How something was signed. */
export interface SignatureAlgorithm {
  readonly family: "ecdsa" | "rsa" | "ed25519";
  /** Ed25519 takes no heed of it. */
  readonly hash: SignatureHash;
}

/** By object identifier (RFC 5758 §3.2, RFC 4055 §5, RFC 8410 §3); RSA-PSS is not among them. */
export const SIGNATURE_ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  "1.2.840.10045.4.3.2": { family: "ecdsa", hash: "sha256" },
  "1.2.840.10045.4.3.3": { family: "ecdsa", hash: "sha384" },
  "1.2.840.10045.4.3.4": { family: "ecdsa", hash: "sha512" },
  "1.2.840.113549.1.1.11": { family: "rsa", hash: "sha256" },
  "1.2.840.113549.1.1.12": { family: "rsa", hash: "sha384" },
  "1.2.840.113549.1.1.13": { family: "rsa", hash: "sha512" },
  "1.3.101.112": { family: "ed25519", hash: "sha512" },
};

/** Hashes by object identifier (NIST CSOR). */
export const HASH_ALGORITHMS: Readonly<Record<string, SignatureHash>> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/** Whether a key is of the kind that a signature says it was made by. */
export function fitsKey({ family }: SignatureAlgorithm, algorithm: KeyAlgorithm): boolean {
  return algorithm.startsWith(family);
}
