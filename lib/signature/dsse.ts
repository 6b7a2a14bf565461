import { concatBytes, encodeText } from "../base/bytes.ts";

/** A payload with signatures over it and its type (secure-systems-lab/dsse, envelope.md). */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

/** The bytes that are signed: the pre-authentication encoding (dsse, protocol.md). */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = encodeText(payloadType);
  return concatBytes([
    encodeText(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `),
    payload,
  ]);
}
