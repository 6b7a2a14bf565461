/** Keys that tests sign certificates, logs and timestamps with. */

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { oid, sequence } from "./der.ts";

export type KeyKind = "P-256" | "P-384" | "rsa" | "ed25519";

/** A private key with what is needed to write what it signed. */
export interface SigningKey {
  readonly kind: KeyKind;
  readonly spki: Uint8Array;
  /** AlgorithmIdentifier of its signatures. */
  readonly algorithm: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

const HASHES = { "P-256": "sha256", "P-384": "sha384", "rsa": "sha256", "ed25519": null } as const;

const OIDS: Readonly<Record<KeyKind, string>> = {
  "P-256": "1.2.840.10045.4.3.2",
  "P-384": "1.2.840.10045.4.3.3",
  "rsa": "1.2.840.113549.1.1.11",
  "ed25519": "1.3.101.112",
};

function generate(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === "rsa") return generateKeyPairSync("rsa", { modulusLength: 2048 });
  if (kind === "ed25519") return generateKeyPairSync("ed25519");
  return generateKeyPairSync("ec", { namedCurve: kind });
}

/** @param hash what it signs over; what fits the key, unless told */
export function createSigningKey(
  kind: KeyKind = "P-256",
  hash: "sha256" | "sha384" | null = HASHES[kind],
): SigningKey {
  const { publicKey, privateKey } = generate(kind);
  return {
    kind,
    spki: new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
    algorithm: sequence(oid(OIDS[kind])),
    sign: (message) => new Uint8Array(sign(hash, message, privateKey)),
  };
}
