import { generateKeyPairSync } from "node:crypto";
import { publicKeyFromSpki } from "./public_key.ts";
import { sealKey } from "./sealed_key.ts";

/** The two files of a key pair, `cosign.key` and `cosign.pub`. */
export interface KeyPairPem {
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
}

/** Make a P-256 key pair as `cosign generate-key-pair` does, sealed with `password`. */
export async function generateKeyPair(password: Uint8Array): Promise<KeyPairPem> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "der" },
    publicKeyEncoding: { type: "spki", format: "der" },
  });
  try {
    return {
      privateKeyPem: await sealKey(privateKey, password),
      publicKeyPem: publicKeyFromSpki(new Uint8Array(publicKey)).pem,
    };
  } finally {
    privateKey.fill(0);
  }
}
