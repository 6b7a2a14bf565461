import { webcrypto } from "node:crypto";
import { CURVES, type SignatureHash } from "./algorithm.ts";
import { ecdsaSignatureToRaw } from "./ecdsa_signature.ts";
import type { Engine, SignatureCheck } from "./engine.ts";
import type { PublicKey } from "./public_key.ts";

const WEB_HASHES: Readonly<Record<SignatureHash, string>> = {
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};

/** Import a key whose algorithm takes no parameter when it checks: RSA's hash is the key's. */
async function importWhole({ algorithm, spki }: PublicKey): Promise<SignatureCheck> {
  const parameters = algorithm === "rsa"
    ? { name: "RSASSA-PKCS1-v1_5", hash: WEB_HASHES.sha256 }
    : { name: "Ed25519" };
  const key = await webcrypto.subtle.importKey("spki", spki, parameters, false, ["verify"]);
  return (message, signature) => webcrypto.subtle.verify(parameters.name, key, signature, message);
}

/** Web Crypto, which works in threads on Deno; it wants the numbers of ECDSA side by side. */
export const webCryptoEngine: Engine = {
  async importKey(publicKey) {
    const { algorithm, spki } = publicKey;
    if (algorithm === "rsa" || algorithm === "ed25519") return await importWhole(publicKey);
    const { name: namedCurve, numberBytes } = CURVES[algorithm];
    const key = await webcrypto.subtle.importKey(
      "spki",
      spki,
      { name: "ECDSA", namedCurve },
      false,
      ["verify"],
    );
    return async (message, signature, hash) => {
      const raw = ecdsaSignatureToRaw(signature, numberBytes);
      if (raw === undefined) return false;
      return await webcrypto.subtle.verify(
        { name: "ECDSA", hash: WEB_HASHES[hash] },
        key,
        raw,
        message,
      );
    };
  },
};
