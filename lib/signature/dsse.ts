import * as v from "valibot";
import { concatBytes, decodeBase64, encodeBase64, encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";

/** The media type of an envelope, as cosign's legacy attestations have it. */
export const ENVELOPE_MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json";

/** Signatures that are read of one envelope: cosign writes one. */
const MAX_ENVELOPE_SIGNATURES = 32;

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

const EnvelopeSchema = v.object({
  payloadType: v.string(),
  payload: v.string(),
  signatures: v.pipe(
    v.array(v.object({ sig: v.string() })),
    v.minLength(1),
    v.maxLength(MAX_ENVELOPE_SIGNATURES),
  ),
});

/**
 * Read an envelope (dsse, envelope.md). Nothing in it is verified.
 *
 * @throws {MalformedError}
 */
export function parseEnvelope(untrusted: Uint8Array): Envelope {
  const { payloadType, payload, signatures } = parseJson(
    "DSSE envelope",
    untrusted,
    EnvelopeSchema,
  );
  try {
    return {
      payloadType,
      payload: decodeBase64(payload),
      signatures: signatures.map(({ sig }) => decodeBase64(sig)),
    };
  } catch (error) {
    throw new MalformedError("DSSE envelope", "want base64", { cause: error });
  }
}

/** Write an envelope, with the fields in cosign's order. */
export function buildEnvelope({ payloadType, payload, signatures }: Envelope): Uint8Array {
  return encodeText(JSON.stringify({
    payload: encodeBase64(payload),
    payloadType,
    signatures: signatures.map((sig) => ({ sig: encodeBase64(sig) })),
  }));
}
