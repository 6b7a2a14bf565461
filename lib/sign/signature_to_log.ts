import { equalBytes } from "../base/bytes.ts";
import type { SignatureHash } from "../keys/algorithm.ts";
import { encodePem } from "../keys/pem.ts";
import type { PublicKey } from "../keys/public_key.ts";
import { ServiceError } from "./service_error.ts";

/** By what others verify a signature. */
export type Verifier =
  | { readonly kind: "public-key"; readonly key: PublicKey }
  | {
    readonly kind: "certificate";
    /** The leaf, DER. */
    readonly certificate: Uint8Array;
    /** Of the key in it. */
    readonly key: PublicKey;
  };

/** A signature to be written into a transparency log. */
export interface SignatureToLog {
  readonly signature: Uint8Array;
  /** The hash under the signature, and the digest of what was signed. */
  readonly hash: SignatureHash;
  readonly digest: Uint8Array;
  /** The envelope, if it was an envelope's encoding that was signed. */
  readonly envelope?: { readonly payloadType: string; readonly payload: Uint8Array } | undefined;
  readonly verifier: Verifier;
}

/** Milliseconds for one entry: logs collect entries before they answer. */
export const LOG_DEADLINE = 90_000;

/** What is done, for errors. */
export const LOG_PURPOSE = "write to the transparency log";

/** The key or certificate, DER. */
export function verifierBytes(verifier: Verifier): Uint8Array {
  return verifier.kind === "certificate" ? verifier.certificate : verifier.key.spki;
}

/** The key or certificate, PEM. */
export function verifierPem(verifier: Verifier): string {
  return verifier.kind === "certificate"
    ? encodePem("CERTIFICATE", verifier.certificate)
    : verifier.key.pem;
}

/** Refuse an answer: what it says was logged could not be verified by anybody. */
export function refuseEntry(url: URL, why: string): never {
  throw new ServiceError(`${LOG_PURPOSE} (${url.origin})`, why, { failure: "invalid-answer" });
}

/** Refuse an entry unless each pair of what it holds and what was sent is equal. */
export function checkSame(
  url: URL,
  pairs: readonly (readonly [name: string, found: Uint8Array, sent: Uint8Array])[],
): void {
  for (const [name, found, sent] of pairs) {
    if (!equalBytes(found, sent)) refuseEntry(url, `the answer's entry has another ${name}`);
  }
}
