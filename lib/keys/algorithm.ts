import type { KeyObject } from "node:crypto";
import { KeyError } from "./key_error.ts";

/** The kinds of ECDSA keys, by curve. */
export type EcdsaAlgorithm = "ecdsa-p256" | "ecdsa-p384" | "ecdsa-p521";

/** The kinds of keys that cosign imports, and so those that sigfleet reads. */
export type KeyAlgorithm = EcdsaAlgorithm | "rsa" | "ed25519";

/** A hash under a signature, as node:crypto calls it. */
export type SignatureHash = "sha256" | "sha384" | "sha512";

/** What is to be known about a curve. */
export interface Curve {
  /** As Web Crypto calls it. */
  readonly name: "P-256" | "P-384" | "P-521";
  /** Bytes of one number of a signature. */
  readonly numberBytes: number;
}

/** The three NIST curves. */
export const CURVES: Readonly<Record<EcdsaAlgorithm, Curve>> = {
  "ecdsa-p256": { name: "P-256", numberBytes: 32 },
  "ecdsa-p384": { name: "P-384", numberBytes: 48 },
  "ecdsa-p521": { name: "P-521", numberBytes: 66 },
};

/**
 * The hashes under signatures that cosign makes or takes, the one to sign with first. It signs over
 * the hash that fits the curve, and unless told otherwise verifies over SHA-256. Ed25519 has its own.
 */
export const SIGNATURE_HASHES: Readonly<
  Record<Exclude<KeyAlgorithm, "ed25519">, readonly [SignatureHash, ...SignatureHash[]]>
> = {
  "ecdsa-p256": ["sha256"],
  "ecdsa-p384": ["sha384", "sha256"],
  "ecdsa-p521": ["sha512", "sha256"],
  rsa: ["sha256"],
};

/** Shorter RSA keys are refused, as cosign refuses them. */
const MIN_RSA_BITS = 2048;

/** The curves' names in node:crypto. */
const NODE_CURVES: Readonly<Record<string, EcdsaAlgorithm>> = {
  prime256v1: "ecdsa-p256",
  secp384r1: "ecdsa-p384",
  secp521r1: "ecdsa-p521",
};

/**
 * Tell what kind of key this is.
 *
 * @param what names the key in the error: "public key cosign.pub"
 * @throws {KeyError} if it is of a kind that cosign refuses too
 */
export function recogniseAlgorithm(key: KeyObject, what: string): KeyAlgorithm {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "ed25519") return type;
  if (type === "rsa") {
    const bits = details?.modulusLength ?? 0;
    if (bits >= MIN_RSA_BITS) return type;
    throw new KeyError(
      `Cannot read ${what}: RSA of ${bits} bits is too short; use one of ${MIN_RSA_BITS} or more`,
    );
  }
  const curve = type === "ec" ? details?.namedCurve : undefined;
  const algorithm = NODE_CURVES[curve ?? ""];
  if (algorithm !== undefined) return algorithm;
  throw new KeyError(
    `Cannot read ${what}: keys of kind ${curve ?? type} are not supported; ` +
      "use ECDSA P-256, P-384 or P-521, RSA or Ed25519",
  );
}
