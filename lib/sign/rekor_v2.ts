import * as v from "valibot";
import { decodeBase64, encodeBase64, encodeText } from "../base/bytes.ts";
import { parseJson } from "../base/json.ts";
import { keyDetails } from "../keys/key_details.ts";
import type { PublicKey } from "../keys/public_key.ts";
import { type LogEntry, parseLogEntry } from "../signature/verification_material.ts";
import { ServiceError } from "./service_error.ts";
import { endpoint, type Services } from "./services.ts";
import {
  checkSame,
  LOG_DEADLINE,
  LOG_PURPOSE,
  refuseEntry,
  type SignatureToLog,
  type Verifier,
  verifierBytes,
} from "./signature_to_log.ts";

const Verified = v.object({
  x509Certificate: v.optional(v.object({ rawBytes: v.string() })),
  publicKey: v.optional(v.object({ rawBytes: v.string() })),
});

const BodySchema = v.object({
  kind: v.literal("hashedrekord"),
  apiVersion: v.literal("0.0.2"),
  spec: v.object({
    hashedRekordV002: v.object({
      data: v.object({ digest: v.string() }),
      signature: v.object({ content: v.string(), verifier: Verified }),
    }),
  }),
});

/** Of Ed25519 the log takes only the way that signs a digest. */
function detailsOf(key: PublicKey, url: URL): string {
  const details = keyDetails(key);
  if (key.algorithm === "ed25519") return `${details}_PH`;
  return details ?? refuseEntry(url, "Rekor v2 takes RSA keys of 2048, 3072 and 4096 bits only");
}

function verifierJson(verifier: Verifier, url: URL): Readonly<Record<string, unknown>> {
  const rawBytes = encodeBase64(verifierBytes(verifier));
  return {
    [verifier.kind === "certificate" ? "x509Certificate" : "publicKey"]: { rawBytes },
    keyDetails: detailsOf(verifier.key, url),
  };
}

function readEntry(answer: Uint8Array, sent: SignatureToLog, url: URL): LogEntry {
  const entry = parseLogEntry(parseJson("Rekor's answer", answer, v.unknown()));
  if (entry.inclusionProof === undefined) refuseEntry(url, "the answer has no proof of inclusion");
  const { data, signature } = parseJson("the log's entry", entry.body, BodySchema)
    .spec.hashedRekordV002;
  const { x509Certificate, publicKey } = signature.verifier;
  const found = sent.verifier.kind === "certificate" ? x509Certificate : publicKey;
  checkSame(url, [
    ["signature", decodeBase64(signature.content), sent.signature],
    ["key or certificate", decodeBase64(found?.rawBytes ?? ""), verifierBytes(sent.verifier)],
    ["digest", decodeBase64(data.digest), sent.digest],
  ]);
  return entry;
}

/**
 * Write a signature into a Rekor v2 log (rekor-tiles rekor_service.proto, `CreateEntry`): everything is
 * a `hashedrekord`, envelopes by the digest of what is signed of them. The log tells no time.
 *
 * @throws {ServiceError} as a duplicate too, if the same signature is in the log: its entry is not
 *   given again
 * @throws {MalformedError}
 */
export async function logWithRekorV2(
  services: Services,
  rekorUrl: string,
  sent: SignatureToLog,
): Promise<LogEntry> {
  const url = endpoint(rekorUrl, "/api/v2/log/entries", LOG_PURPOSE);
  const { body } = await services.request({
    purpose: LOG_PURPOSE,
    method: "POST",
    url,
    headers: { "content-type": "application/json", accept: "application/json" },
    body: encodeText(JSON.stringify({
      hashedRekordRequestV002: {
        digest: encodeBase64(sent.digest),
        signature: {
          content: encodeBase64(sent.signature),
          verifier: verifierJson(sent.verifier, url),
        },
      },
    })),
    deadline: LOG_DEADLINE,
    expect: [201],
  });
  try {
    return readEntry(body, sent, url);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    return refuseEntry(url, (error as Error).message);
  }
}
