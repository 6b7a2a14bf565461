import type { Digest } from "../reference/digest.ts";
import type { CertificateIdentity } from "../signature/certificate_identity.ts";
import type { LogEntry } from "../signature/log_entry.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import type { Reason } from "./reason.ts";

/** A check that was done and passed. What was not checked is not listed. */
export type Check =
  | "signature"
  | "timestamp"
  | "transparency-log"
  | "certificate"
  | "certificate-log"
  | "identity"
  | "claims"
  | "annotations"
  | "predicate-type";

/** Who made a signature, as far as it was proven. */
export type Signer =
  | {
    readonly kind: "key";
    /** What the caller calls the key: its file, as a rule. */
    readonly name: string;
    /** SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits. */
    readonly fingerprint: string;
  }
  | {
    readonly kind: "certificate";
    /** The certificate's subject: an e-mail address or a URI, as a rule. */
    readonly name: string;
    /** The OIDC issuer that vouched for the subject. */
    readonly issuer: string;
    /** SHA-256 of the certificate, 64 hexadecimal digits. */
    readonly fingerprint: string;
  };

/** What proved a signature beside itself; only what was checked. */
export interface SignatureProof {
  readonly entries: readonly LogEntry[];
  /** Time-stamp responses, DER. */
  readonly timestamps: readonly Uint8Array[];
  /** All that the certificate says of its holder. */
  readonly identity?: CertificateIdentity;
}

/** What became of one signature. */
export interface SignatureResult {
  readonly format: SignatureFormat;
  readonly verified: boolean;
  /** Present when the signature itself was made by somebody who is trusted. */
  readonly signer?: Signer;
  /** Other trusted keys that signed the same: the envelope of a legacy attestation may have several. */
  readonly alsoBy?: readonly Signer[];
  /** The checks that were done and passed, in order. */
  readonly checks: readonly Check[];
  /** Empty when verified. */
  readonly reasons: readonly Reason[];
  /** What was signed, on verified signatures: the payload or the in-toto statement, byte for byte. */
  readonly signed?: Uint8Array;
  /** What proved it, on verified signatures, where more was asked for than the signature. */
  readonly proof?: SignatureProof;
  /** The DSSE envelope around it, on verified attestations, as it is handed on. */
  readonly envelope?: Uint8Array;
}

/** Why it could not be told: what was asked, and what came back how many times. */
export interface Evidence {
  /** The request, without credentials or query: `GET https://registry/v2/…`. */
  readonly request: string;
  /** HTTP status of the last answer; absent when none came. */
  readonly status?: number;
  /** How many times it was asked. */
  readonly attempts: number;
  readonly message: string;
}

/** The answer about one image. */
export type Verdict =
  | {
    readonly kind: "verified";
    readonly digest: Digest;
    readonly signatures: readonly SignatureResult[];
    readonly reasons: readonly Reason[];
  }
  | {
    readonly kind: "failed";
    /** Absent when the image does not exist. */
    readonly digest?: Digest;
    readonly signatures: readonly SignatureResult[];
    readonly reasons: readonly Reason[];
  }
  | {
    readonly kind: "unsigned";
    readonly digest: Digest;
    readonly signatures: readonly [];
    readonly reasons: readonly Reason[];
  }
  | {
    readonly kind: "unknown";
    /** Absent when not even the tag could be resolved. */
    readonly digest?: Digest;
    readonly signatures: readonly SignatureResult[];
    readonly reasons: readonly Reason[];
    readonly evidence: Evidence;
  };

/** The four answers, best first. */
export const VERDICT_KINDS = ["verified", "failed", "unsigned", "unknown"] as const;

/** One of the four answers. */
export type VerdictKind = Verdict["kind"];
