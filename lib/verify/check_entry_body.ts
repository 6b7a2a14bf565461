import { equalBytes } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import type { PublicKey } from "../keys/public_key.ts";
import { parseCertificate } from "../signature/certificate.ts";
import type { LogEntry } from "../signature/log_entry.ts";
import {
  type LoggedSignature,
  type LoggedVerifier,
  parseLogEntryBody,
} from "../signature/log_entry_body.ts";
import type { Reason } from "./reason.ts";
import { contentDigest, type SignedContent } from "./signed_content.ts";

/** Who is said to have signed: a key alone, or with a certificate of it. */
export interface EntrySigner {
  readonly key: PublicKey;
  /** In DER. */
  readonly certificate?: Uint8Array;
}

function isOf({ kind, der }: LoggedVerifier, { key, certificate }: EntrySigner): boolean {
  if (certificate !== undefined) return kind === "certificate" && equalBytes(der, certificate);
  if (kind === "public-key") return equalBytes(der, key.spki);
  // A key's owner may have logged a certificate of that key.
  return equalBytes(parseCertificate(der).spki, key.spki);
}

function mismatch(what: string): Reason {
  return {
    code: "log-entry-mismatch",
    message: `the transparency log's entry is of another signature: its ${what} differs`,
  };
}

function compare(
  logged: LoggedSignature,
  content: SignedContent,
  signer: EntrySigner,
): Reason | undefined {
  const { signature, digests, verifier } = logged;
  if (signature !== undefined && !equalBytes(signature, content.signature)) {
    return mismatch("signature");
  }
  for (const { hash, digest, over } of digests) {
    const own = contentDigest(content, over, hash);
    if (own === undefined && over === "signed") {
      return {
        code: "file-unreadable",
        message:
          `the log's entry has the ${hash} of the file, and only another digest is known here`,
      };
    }
    if (own === undefined || !equalBytes(digest, own)) return mismatch("digest");
  }
  return isOf(verifier, signer) ? undefined : mismatch("signer");
}

/**
 * Check that a log's entry is of this signature: by whom, over what, and the very same
 * (CVE-2022-23649, CVE-2026-22703).
 *
 * @returns why it is not; `undefined` where it is
 */
export function checkEntryBody(
  { body, kind: stated }: LogEntry,
  content: SignedContent,
  signer: EntrySigner,
): Reason | undefined {
  try {
    const logged = parseLogEntryBody(body);
    if (
      stated !== undefined && (stated.kind !== logged.kind || stated.version !== logged.version)
    ) return mismatch("kind");
    return compare(logged, content, signer);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { code: "log-entry-invalid", message: error.message };
  }
}
