import { Buffer } from "node:buffer";
import { X509Certificate } from "@sigstore/core";
import * as v from "valibot";
import { concatBytes, decodeText, encodeBase64, encodeText } from "../base/bytes.ts";
import { sha256 } from "../base/hash.ts";
import { parseJson } from "../base/json.ts";
import { keyDetails } from "../keys/key_details.ts";
import type { PublicKey } from "../keys/public_key.ts";
import { TrustError } from "./trust_error.ts";

/** The media type of what is written here; cosign 3 writes and reads it too. */
export const TRUSTED_ROOT_MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/** When something is to be trusted, in milliseconds since 1970. */
export interface Validity {
  readonly start: number;
  readonly end?: number | undefined;
}

/** A log to trust, for transparency or for certificates. */
export interface TrustedLog extends Validity {
  readonly url: string;
  readonly key: PublicKey;
  /** The name in its checkpoints, where it is known by name and key: Rekor v2, static CT logs. */
  readonly origin?: string | undefined;
}

/** An authority to trust, for certificates or for timestamps. */
export interface TrustedAuthority extends Omit<Validity, "start"> {
  readonly url: string;
  /** DER; the root's last. */
  readonly certificates: readonly Uint8Array[];
  /** When the root's validity begins, unless told. */
  readonly start?: number | undefined;
}

/** The parts of a trusted root (protobuf-specs, sigstore_trustroot.proto, TrustedRoot), as JSON. */
export interface TrustedRootParts {
  readonly tlogs: readonly unknown[];
  readonly certificateAuthorities: readonly unknown[];
  readonly ctlogs: readonly unknown[];
  readonly timestampAuthorities: readonly unknown[];
}

const Part = v.optional(v.array(v.record(v.string(), v.unknown())), []);

const TrustedRootSchema = v.object({
  mediaType: v.pipe(v.string(), v.startsWith("application/vnd.dev.sigstore.trustedroot")),
  tlogs: Part,
  certificateAuthorities: Part,
  ctlogs: Part,
  timestampAuthorities: Part,
});

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}

function validityJson({ start, end }: Validity): Readonly<Record<string, string>> {
  return { start: timeText(start), ...(end === undefined ? {} : { end: timeText(end) }) };
}

/** Ed25519's number among signatures in signed notes (C2SP signed-note.md). */
const NOTE_ED25519 = 0x01;

/**
 * What a log is known by: SHA-256 of its key, or, of logs with an origin and an Ed25519 key, of both
 * (rekor-tiles pkg/note).
 */
function logId({ key, origin }: TrustedLog): Uint8Array {
  if (origin === undefined || key.algorithm.startsWith("ecdsa")) return sha256(key.spki);
  if (key.algorithm !== "ed25519") {
    throw new TrustError("Cannot trust a log with an origin and an RSA key: use another key");
  }
  const point = key.spki.subarray(-32);
  return sha256(concatBytes([encodeText(`${origin}\n`), Uint8Array.of(NOTE_ED25519), point]));
}

/** A log as a part of a trusted root. */
export function trustedLogJson(log: TrustedLog): unknown {
  const details = keyDetails(log.key);
  if (details === undefined) {
    throw new TrustError("Cannot trust the log's key: want RSA of 2048, 3072 or 4096 bits");
  }
  return {
    baseUrl: log.url,
    hashAlgorithm: "SHA2_256",
    publicKey: {
      rawBytes: encodeBase64(log.key.spki),
      keyDetails: details,
      validFor: validityJson(log),
    },
    logId: { keyId: encodeBase64(logId(log)) },
  };
}

const ORGANIZATION = "2.5.4.10";
const COMMON_NAME = "2.5.4.3";

function parseCertificate(der: Uint8Array): X509Certificate {
  try {
    return X509Certificate.parse(Buffer.from(der));
  } catch (error) {
    throw new TrustError("Cannot read a certificate: it is damaged", { cause: error });
  }
}

/** The subject's words that are shown to people. */
function subjectJson({ tbsCertificate }: X509Certificate): Readonly<Record<string, string>> {
  const words: Record<string, string> = {};
  // version, serialNumber, signature, issuer, validity, subject (RFC 5280 §4.1).
  for (const { subs: [attribute] } of tbsCertificate.subs[5]?.subs ?? []) {
    const [type, value] = attribute?.subs ?? [];
    if (type === undefined || value === undefined) continue;
    const oid = type.toOID();
    if (oid === ORGANIZATION) words["organization"] ??= decodeText(value.value);
    if (oid === COMMON_NAME) words["commonName"] ??= decodeText(value.value);
  }
  return words;
}

/**
 * An authority as a part of a trusted root.
 *
 * @param kind what it vouches for: of timestamps the first certificate is the one that signs
 * @throws {TrustError}
 */
export function trustedAuthorityJson(
  { url, certificates, start, end }: TrustedAuthority,
  kind: "certificates" | "timestamps",
): unknown {
  const parsed = certificates.map(parseCertificate);
  const [first] = parsed;
  const root = parsed.at(-1);
  if (first === undefined || root === undefined) {
    throw new TrustError("Cannot trust an authority without certificates");
  }
  if (kind === "timestamps" && first.isCA) {
    throw new TrustError(
      "Cannot trust the timestamp authority: the first certificate must be the one that signs",
    );
  }
  const from = kind === "timestamps" ? first : root;
  const { organization, commonName } = subjectJson(root);
  return {
    subject: {
      ...(organization === undefined ? {} : { organization }),
      ...(commonName === undefined ? {} : { commonName }),
    },
    uri: url,
    certChain: { certificates: certificates.map((der) => ({ rawBytes: encodeBase64(der) })) },
    validFor: validityJson({ start: start ?? from.notBefore.getTime(), end }),
  };
}

/**
 * Read the parts of a trusted root, to build another on it.
 *
 * @throws {MalformedError}
 */
export function readTrustedRootParts(bytes: Uint8Array): TrustedRootParts {
  const { mediaType: _, ...parts } = parseJson("trusted root", bytes, TrustedRootSchema);
  return parts;
}

/** Write a trusted root, with the fields in cosign's order. */
export function buildTrustedRoot(parts: TrustedRootParts): Uint8Array {
  const order = ["tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"] as const;
  const given = order.filter((name) => parts[name].length > 0);
  return encodeText(JSON.stringify({
    mediaType: TRUSTED_ROOT_MEDIA_TYPE,
    ...Object.fromEntries(given.map((name) => [name, parts[name]])),
  }));
}
