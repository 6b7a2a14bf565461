import * as v from "valibot";
import { decodeBase64, decodeText, encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import { decodePem } from "../keys/pem.ts";
import type { SigstoreBundle } from "./bundle.ts";
import { bundleLogEntry, type LogEntry, parseLegacyLogEntry } from "./log_entry.ts";
import { LEGACY_ANNOTATIONS } from "./read_legacy.ts";

/** What stands beside a signature to prove by whom and when it was made. Nothing in it is verified. */
export interface Material {
  /** The signer's certificate in DER; `undefined` where a key signed that the verifier must know. */
  readonly certificate: Uint8Array | undefined;
  readonly entries: readonly LogEntry[];
  /** Time-stamp responses in DER. */
  readonly timestamps: readonly Uint8Array[];
}

/** More of either are not read, as sigstore-go does not. */
const MAX_ENTRIES = 32;

function certificateOf(
  { content }: SigstoreBundle["verificationMaterial"],
): Uint8Array | undefined {
  switch (content.$case) {
    case "publicKey":
      return undefined;
    case "certificate":
      return content.certificate.rawBytes;
    case "x509CertificateChain":
      // The signer's is the first. What stands behind it is not believed: trust has its own.
      return content.x509CertificateChain.certificates[0]?.rawBytes;
    default:
      return content satisfies never;
  }
}

/**
 * What stands in a Sigstore bundle beside the signature (protobuf-specs, sigstore_bundle.proto).
 *
 * @throws {MalformedError}
 */
export function bundleMaterial({ verificationMaterial: material }: SigstoreBundle): Material {
  const timestamps = material.timestampVerificationData?.rfc3161Timestamps ?? [];
  if (material.tlogEntries.length > MAX_ENTRIES || timestamps.length > MAX_ENTRIES) {
    throw new MalformedError("bundle", `it has more than ${MAX_ENTRIES} log entries or timestamps`);
  }
  return {
    certificate: certificateOf(material),
    entries: material.tlogEntries.map(bundleLogEntry),
    timestamps: timestamps.map(({ signedTimestamp }) => signedTimestamp),
  };
}

/**
 * Read a certificate in PEM, of which there must be one.
 *
 * @throws {MalformedError}
 */
export function parseCertificatePem(untrusted: string): Uint8Array {
  let block: { readonly label: string; readonly bytes: Uint8Array };
  try {
    block = decodePem(untrusted, "certificate");
  } catch (error) {
    throw new MalformedError("certificate", "it is no PEM", { cause: error });
  }
  if (block.label === "CERTIFICATE") return block.bytes;
  throw new MalformedError("certificate", "want a CERTIFICATE in PEM");
}

/** Nothing beside a signature. */
export const NO_MATERIAL: Material = { certificate: undefined, entries: [], timestamps: [] };

const TimestampSchema = v.object({ SignedRFC3161Timestamp: v.string() });

function parseLegacyTimestamp(untrusted: string): Uint8Array {
  const { SignedRFC3161Timestamp: base64 } = parseJson(
    "timestamp",
    encodeText(untrusted),
    TimestampSchema,
  );
  try {
    return decodeBase64(base64);
  } catch (error) {
    throw new MalformedError("timestamp", "want base64", { cause: error });
  }
}

/**
 * What the annotations of a legacy signature say beside it (cosign specs/SIGNATURE_SPEC.md).
 *
 * @throws {MalformedError}
 */
export function legacyMaterial(annotations: Readonly<Record<string, string>>): Material {
  const { [LEGACY_ANNOTATIONS.certificate]: certificate = "" } = annotations;
  const { [LEGACY_ANNOTATIONS.bundle]: bundle = "" } = annotations;
  const { [LEGACY_ANNOTATIONS.timestamp]: timestamp = "" } = annotations;
  return {
    certificate: certificate === "" ? undefined : parseCertificatePem(certificate),
    entries: bundle === "" ? [] : [parseLegacyLogEntry(bundle)],
    timestamps: timestamp === "" ? [] : [parseLegacyTimestamp(timestamp)],
  };
}

const OldBundleSchema = v.object({
  base64Signature: v.pipe(v.string(), v.minLength(1)),
  cert: v.nullish(v.string()),
  rekorBundle: v.nullish(v.unknown()),
});

/** The bundle file of cosign 1.13 and 2. */
export interface OldBundle {
  readonly signature: Uint8Array;
  readonly hasCertificate: boolean;
  /** Throws a {@link MalformedError}. */
  readonly material: () => Material;
}

/** cosign writes base64 of PEM, or PEM itself. */
function readOldCertificate(text: string): Uint8Array {
  if (text.includes("-----BEGIN")) return parseCertificatePem(text);
  try {
    return parseCertificatePem(decodeText(decodeBase64(text)));
  } catch (error) {
    throw new MalformedError("certificate", "want base64 of PEM", { cause: error });
  }
}

/**
 * Read a bundle file as cosign 1.13 and 2 wrote it (cosign pkg/cosign/fetch.go, LocalSignedPayload).
 *
 * @throws {MalformedError}
 */
export function parseOldBundle(untrusted: Uint8Array): OldBundle {
  const { base64Signature, cert, rekorBundle } = parseJson("bundle", untrusted, OldBundleSchema);
  const certificate = cert ?? "";
  try {
    return {
      signature: decodeBase64(base64Signature),
      hasCertificate: certificate !== "",
      material: () => ({
        certificate: certificate === "" ? undefined : readOldCertificate(certificate),
        entries: rekorBundle === undefined || rekorBundle === null
          ? []
          : [parseLegacyLogEntry(JSON.stringify(rekorBundle))],
        timestamps: [],
      }),
    };
  } catch (error) {
    throw new MalformedError("bundle", "base64Signature: want base64", { cause: error });
  }
}
