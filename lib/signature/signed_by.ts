import type { PublicKey } from "../keys/public_key.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import { type Envelope, preAuthEncoding } from "./dsse.ts";

/** Whether a key made one of an envelope's signatures. What its payload says is not looked at. */
export async function isSignedBy(
  key: PublicKey,
  { payloadType, payload, signatures }: Envelope,
): Promise<boolean> {
  const message = preAuthEncoding(payloadType, payload);
  for (const signature of signatures) {
    if (await verifySignature(key, message, signature)) return true;
  }
  return false;
}
