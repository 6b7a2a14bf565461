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

/** RSA's hash is the imported key's: each is imported where it is first needed. */
function importRsa({ spki }: PublicKey): SignatureCheck {
  const imported = new Map<SignatureHash, Promise<webcrypto.CryptoKey>>();
  const importFor = (hash: SignatureHash): Promise<webcrypto.CryptoKey> => {
    let key = imported.get(hash);
    if (key === undefined) {
      const parameters = { name: "RSASSA-PKCS1-v1_5", hash: WEB_HASHES[hash] };
      key = webcrypto.subtle.importKey("spki", spki, parameters, false, ["verify"]);
      imported.set(hash, key);
    }
    return key;
  };
  return async (message, signature, hash) =>
    await webcrypto.subtle.verify("RSASSA-PKCS1-v1_5", await importFor(hash), signature, message);
}

async function importEd25519({ spki }: PublicKey): Promise<SignatureCheck> {
  const key = await webcrypto.subtle.importKey("spki", spki, { name: "Ed25519" }, false, [
    "verify",
  ]);
  return (message, signature) => webcrypto.subtle.verify("Ed25519", key, signature, message);
}

/** Web Crypto, which works in threads on Deno; it wants the numbers of ECDSA side by side. */
export const webCryptoEngine: Engine = {
  async importKey(publicKey) {
    const { algorithm, spki } = publicKey;
    if (algorithm === "rsa") return importRsa(publicKey);
    if (algorithm === "ed25519") return await importEd25519(publicKey);
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
