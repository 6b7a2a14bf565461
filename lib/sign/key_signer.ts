import type { PrivateKey } from "../keys/private_key.ts";
import { keyMaterial } from "../signature/verification_material.ts";
import { makeSignature } from "./make_signature.ts";
import type { ContentSigner } from "./signer.ts";
import { witness, type Witnesses } from "./witness.ts";

/** Sign with a key, and have the signatures witnessed. */
export function witnessedKeySigner(key: PrivateKey, witnesses: Witnesses): ContentSigner {
  const { publicKey } = key;
  const forLog = witnesses.logs.length > 0;
  return {
    publicKey,
    witnesses: { log: forLog, time: witnesses.timestampAuthorities.length > 0 },
    async sign(content) {
      if (forLog) await witnesses.logBudget.take();
      const made = await makeSignature(key, content, { forLog });
      const { logEntries, timestamps } = await witness(witnesses, {
        ...made,
        envelope: content.kind === "envelope" ? content : undefined,
        verifier: { kind: "public-key", key: publicKey },
      });
      return { ...made, material: { ...keyMaterial(publicKey), logEntries, timestamps } };
    },
  };
}

/** Sign with a key, without anybody else. */
export function keySigner(key: PrivateKey): ContentSigner {
  return {
    publicKey: key.publicKey,
    witnesses: { log: false, time: false },
    async sign(content) {
      const made = await makeSignature(key, content, { forLog: false });
      return { ...made, material: keyMaterial(key.publicKey) };
    },
  };
}

/** Take a key for a signer that nobody witnesses. */
export function toSigner(key: PrivateKey | ContentSigner): ContentSigner {
  return "witnesses" in key ? key : keySigner(key);
}
