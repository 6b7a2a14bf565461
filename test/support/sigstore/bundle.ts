/** Sigstore bundles that tests make, of every kind. */

import { encodeBase64, encodeText } from "../../../lib/base/bytes.ts";
import { sha256, sha256Hex } from "../../../lib/base/hash.ts";
import { preAuthEncoding } from "../../../lib/signature/dsse.ts";
import { INTOTO_PAYLOAD_TYPE } from "../../../lib/signature/statement.ts";
import {
  type CertificateChange,
  type Instance,
  issueLeaf,
  pem64,
  SIGNED_AT,
  stampBy,
} from "./instance.ts";
import { createSigningKey, type SigningKey } from "./keys.ts";
import { logEntry, type LogOptions } from "./log.ts";
import type { TimestampOptions } from "./timestamp.ts";

/** What is logged, and in which form. */
export type EntryKind =
  | "hashedrekord 0.0.1"
  | "dsse 0.0.1"
  | "intoto 0.0.2"
  | "hashedrekord 0.0.2"
  | "dsse 0.0.2";

/** What a bundle is to hold. */
export interface BundleOptions {
  readonly version?: "0.1" | "0.2" | "0.3";
  /** An in-toto statement in an envelope; without it the bundle is a message's. */
  readonly statement?: Uint8Array | undefined;
  readonly message?: Uint8Array;
  readonly entry?: EntryKind | undefined;
  readonly log?: Partial<LogOptions>;
  /** Whether an authority stamps it; yes for Rekor v2, which gives no times, unless told. */
  readonly stamped?: boolean;
  readonly timestamp?: Partial<TimestampOptions>;
  readonly key?: SigningKey;
  readonly certificate?: CertificateChange;
  /** A certificate of the key that was issued before. */
  readonly issued?: Uint8Array;
  /** Change what is logged. */
  readonly body?: (body: Uint8Array) => Uint8Array;
  /** Sign with the key alone. */
  readonly bare?: boolean;
}

export interface MadeBundle {
  // deno-lint-ignore no-explicit-any -- tests break any part of it
  readonly json: any;
  readonly certificate: Uint8Array;
  readonly key: SigningKey;
}

interface Signed {
  readonly signature: Uint8Array;
  /** What it is over. */
  readonly message: Uint8Array;
  readonly payload: Uint8Array | undefined;
  readonly verifier: { readonly label: "CERTIFICATE" | "PUBLIC KEY"; readonly der: Uint8Array };
}

const hexDigest = (bytes: Uint8Array): object => ({ algorithm: "sha256", value: sha256Hex(bytes) });

const bytesDigest = (bytes: Uint8Array): object => ({
  algorithm: "SHA2_256",
  digest: encodeBase64(sha256(bytes)),
});

/** The body of an entry, with keys in Rekor's order as far as it matters: not at all. */
export function entryBody(kind: EntryKind, signed: Signed): Uint8Array {
  const { signature, message, payload = message, verifier: { label, der } } = signed;
  const content = encodeBase64(signature);
  const pem = pem64(label, der);
  const rawBytes = encodeBase64(der);
  const verifier = label === "CERTIFICATE"
    ? { x509Certificate: { rawBytes }, keyDetails: "PKIX_ECDSA_P256_SHA_256" }
    : { publicKey: { rawBytes }, keyDetails: "PKIX_ECDSA_P256_SHA_256" };
  const specs: Readonly<Record<EntryKind, object>> = {
    "hashedrekord 0.0.1": {
      data: { hash: hexDigest(message) },
      signature: { content, publicKey: { content: pem } },
    },
    "dsse 0.0.1": {
      envelopeHash: hexDigest(signature),
      payloadHash: hexDigest(payload),
      signatures: [{ signature: content, verifier: pem }],
    },
    "intoto 0.0.2": {
      content: {
        envelope: {
          payloadType: INTOTO_PAYLOAD_TYPE,
          signatures: [{ publicKey: pem, sig: encodeBase64(encodeText(content)) }],
        },
        hash: hexDigest(signature),
        payloadHash: hexDigest(payload),
      },
    },
    "hashedrekord 0.0.2": {
      hashedRekordV002: { data: bytesDigest(message), signature: { content, verifier } },
    },
    "dsse 0.0.2": {
      dsseV002: { payloadHash: bytesDigest(payload), signatures: [{ content, verifier }] },
    },
  };
  const [name, apiVersion] = kind.split(" ");
  return encodeText(JSON.stringify({ apiVersion, kind: name, spec: specs[kind] }));
}

function contentJson(signed: Signed): object {
  const { signature, message, payload } = signed;
  if (payload === undefined) {
    return {
      messageSignature: { messageDigest: bytesDigest(message), signature: encodeBase64(signature) },
    };
  }
  return {
    dsseEnvelope: {
      payload: encodeBase64(payload),
      payloadType: INTOTO_PAYLOAD_TYPE,
      signatures: [{ sig: encodeBase64(signature) }],
    },
  };
}

const MEDIA_TYPES = {
  "0.1": "application/vnd.dev.sigstore.bundle+json;version=0.1",
  "0.2": "application/vnd.dev.sigstore.bundle+json;version=0.2",
  "0.3": "application/vnd.dev.sigstore.bundle.v0.3+json",
} as const;

export const MESSAGE: Uint8Array = encodeText("hello\n");

export function makeBundle(instance: Instance, options: BundleOptions = {}): MadeBundle {
  const { version = "0.3", statement, entry, bare = false } = options;
  const key = options.key ?? createSigningKey();
  const message = statement === undefined
    ? options.message ?? MESSAGE
    : preAuthEncoding(INTOTO_PAYLOAD_TYPE, statement);
  const certificate = options.issued ?? issueLeaf(instance, key, options.certificate);
  const signature = key.sign(message);
  const signed: Signed = {
    signature,
    message,
    payload: statement,
    verifier: bare
      ? { label: "PUBLIC KEY", der: key.spki }
      : { label: "CERTIFICATE", der: certificate },
  };
  const log = entry?.endsWith("0.0.2") && !entry.startsWith("intoto") ? "rekor2" : "rekor1";
  const [kind = "", kindVersion = ""] = entry?.split(" ") ?? [];
  const { stamped = log === "rekor2" } = options;
  const rawBytes = encodeBase64(certificate);
  return {
    key,
    certificate,
    json: {
      mediaType: MEDIA_TYPES[version],
      verificationMaterial: {
        ...bare
          ? { publicKey: { hint: encodeBase64(sha256(key.spki)) } }
          : version === "0.3"
          ? { certificate: { rawBytes } }
          : { x509CertificateChain: { certificates: [{ rawBytes }] } },
        tlogEntries: entry === undefined ? [] : [
          logEntry(instance[log], (options.body ?? ((body) => body))(entryBody(entry, signed)), {
            kind,
            kindVersion,
            time: SIGNED_AT / 1000,
            ...options.log,
          }),
        ],
        timestampVerificationData: {
          rfc3161Timestamps: stamped
            ? [{ signedTimestamp: encodeBase64(stampBy(instance, signature, options.timestamp)) }]
            : [],
        },
      },
      ...contentJson(signed),
    },
  };
}
