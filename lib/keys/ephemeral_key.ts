import { generateKeyPairSync } from "node:crypto";
import { parsePrivateKey, type PrivateKey } from "./private_key.ts";

/** Make a P-256 key that is never written anywhere. */
export function makeEphemeralKey(): PrivateKey {
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "der" },
    publicKeyEncoding: { type: "spki", format: "der" },
  });
  try {
    return parsePrivateKey(privateKey);
  } finally {
    privateKey.fill(0);
  }
}
