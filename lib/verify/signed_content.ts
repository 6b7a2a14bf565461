import type { SignatureHash } from "../keys/algorithm.ts";
import { digestMessage, type MessageDigests } from "../keys/message_digests.ts";
import type { PublicKey } from "../keys/public_key.ts";
import { verifyPrehashed } from "../keys/verify_prehashed.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import { type Envelope, preAuthEncoding } from "../signature/dsse.ts";
import type { LoggedDigest } from "../signature/log_entry_body.ts";

/** A signature and what it is over, as far as that is known. */
export interface SignedContent {
  readonly signature: Uint8Array;
  /** What the signature is over: the bytes, or where they are not at hand their digests. */
  readonly message?: Uint8Array | undefined;
  readonly digests?: MessageDigests;
  /** Of a DSSE envelope what is in it. */
  readonly payload?: Uint8Array;
  /** Of a legacy attestation the envelope, byte for byte as it is stored. */
  readonly envelope?: Uint8Array;
}

/** The signatures of an envelope, each with what it is over. */
export function signedInEnvelope(
  { payloadType, payload, signatures }: Envelope,
  stored?: Uint8Array,
): readonly SignedContent[] {
  const message = preAuthEncoding(payloadType, payload);
  return signatures.map((signature) => ({
    signature,
    message,
    payload,
    ...(stored === undefined ? {} : { envelope: stored }),
  }));
}

/**
 * Whether a key made the signature, in any way that cosign signs.
 *
 * @param otherHash a hash to try beside those that fit the key, where the bytes are at hand
 */
export async function isSignedBy(
  key: PublicKey,
  { signature, message, digests = {} }: SignedContent,
  otherHash?: SignatureHash,
): Promise<boolean> {
  return message === undefined
    ? await verifyPrehashed(key, digests, signature)
    : await verifySignature(key, message, signature, otherHash);
}

/** The digest of a part; `undefined` where it cannot be known. */
export function contentDigest(
  { message, digests = {}, payload, envelope }: SignedContent,
  over: LoggedDigest["over"],
  hash: SignatureHash,
): Uint8Array | undefined {
  const part = { signed: message, payload, envelope }[over];
  if (part !== undefined) return digestMessage(hash, part);
  return over === "signed" ? digests[hash] : undefined;
}

/** What time stamps of the signature are over: cosign has that of a legacy attestation's envelope. */
export function stampedBytes({ signature, envelope }: SignedContent): Uint8Array {
  return envelope ?? signature;
}
