import { Buffer } from "node:buffer";
import { encodeBase64 } from "../base/bytes.ts";
import { stringifyAsGo } from "../base/go_json.ts";
import { encodePem } from "../keys/pem.ts";
import { LEGACY_ANNOTATIONS } from "./read_legacy.ts";
import type { LogEntry, VerificationMaterial } from "./verification_material.ts";

/**
 * A log entry as cosign's legacy signatures carry it (cosign pkg/cosign/bundle/rekor.go): only what
 * Rekor v1 gives.
 */
export function rekorBundle(entry: LogEntry): {
  readonly SignedEntryTimestamp: string;
  readonly Payload: {
    readonly body: string;
    readonly integratedTime: number;
    readonly logIndex: number;
    readonly logID: string;
  };
} {
  return {
    SignedEntryTimestamp: encodeBase64(entry.signedEntryTimestamp ?? new Uint8Array()),
    Payload: {
      body: encodeBase64(entry.body),
      integratedTime: Number(entry.integratedTime ?? 0),
      logIndex: Number(entry.logIndex),
      logID: Buffer.from(entry.logId).toString("hex"),
    },
  };
}

/** The certificates as PEM, one after another. */
export function certificatesPem(certificates: readonly Uint8Array[]): string {
  return certificates.map((der) => encodePem("CERTIFICATE", der)).join("");
}

/** The signer's certificate as PEM; empty where there is none. */
export function signerPem({ signer }: VerificationMaterial): string {
  return signer.kind === "certificate" ? certificatesPem([signer.certificate]) : "";
}

/** A timestamp as cosign's legacy signatures carry it, and its files (cosign pkg/cosign/bundle/tsa.go). */
export function timestampText(timestamp: Uint8Array): string {
  return stringifyAsGo({ SignedRFC3161Timestamp: encodeBase64(timestamp) });
}

/**
 * The annotations of a legacy signature's or attestation's layer that others verify it by
 * (cosign specs/SIGNATURE_SPEC.md, "Properties"). The form holds one entry and one timestamp.
 */
export function materialAnnotations(
  { signer, logEntries: [entry], timestamps: [timestamp] }: VerificationMaterial,
): Readonly<Record<string, string>> {
  return {
    ...(signer.kind === "public-key" ? {} : {
      [LEGACY_ANNOTATIONS.certificate]: certificatesPem([signer.certificate]),
      [LEGACY_ANNOTATIONS.chain]: certificatesPem(signer.chain),
    }),
    ...(entry === undefined
      ? {}
      : { [LEGACY_ANNOTATIONS.bundle]: stringifyAsGo(rekorBundle(entry)) }),
    ...(timestamp === undefined
      ? {}
      : { [LEGACY_ANNOTATIONS.timestamp]: timestampText(timestamp) }),
  };
}
