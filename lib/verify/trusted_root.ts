import { PublicKeyDetails, TrustedRoot as TrustedRootFormat } from "@sigstore/protobuf-specs";
import { decodeText } from "../base/bytes.ts";
import { MalformedError, messageOf } from "../base/errors.ts";
import { type PublicKey, publicKeyFromPkcs1, publicKeyFromSpki } from "../keys/public_key.ts";
import { type Certificate, parseCertificate } from "../signature/certificate.ts";

/** When something is trusted, in milliseconds since 1970, both inclusive. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** A log of signatures or of certificates. */
export interface TrustedLog {
  readonly url: string;
  /** Its identifiers: of its key, and of its checkpoints where that is another. */
  readonly ids: readonly Uint8Array[];
  readonly key: PublicKey;
  readonly window: Window;
}

/** Who issues certificates to signers, or stamps times. */
export interface TrustedAuthority {
  readonly uri: string;
  /** The last one is trusted; the others must lead to it. */
  readonly certificates: readonly Certificate[];
  readonly window: Window;
}

/**
 * Whom to believe where no key is known: certificate authorities, logs and timestamp authorities. Read
 * once for a whole run: what is verified of it is remembered with the object.
 */
export interface TrustedRoot {
  readonly logs: readonly TrustedLog[];
  readonly ctLogs: readonly TrustedLog[];
  readonly certificateAuthorities: readonly TrustedAuthority[];
  readonly timestampAuthorities: readonly TrustedAuthority[];
}

/** Whether a time is in a window. */
export function isWithin({ start, end }: Window, time: number): boolean {
  return start <= time && time <= end;
}

const MEDIA_TYPES: ReadonlySet<string> = new Set([
  "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
  "application/vnd.dev.sigstore.trustedroot.v0.2+json",
]);

/** More certificates in one chain are not read. */
const MAX_CHAIN = 16;

type LogFormat = TrustedRootFormat["tlogs"][number];
type AuthorityFormat = TrustedRootFormat["certificateAuthorities"][number];
type RangeFormat = AuthorityFormat["validFor"];

function fail(why: string): never {
  throw new MalformedError("trusted root", why);
}

function readTime(time: Date | undefined, otherwise: number, what: string): number {
  if (time === undefined) return otherwise;
  return Number.isNaN(time.getTime()) ? fail(`${what}: want a time`) : time.getTime();
}

function readWindow(range: RangeFormat, what: string): Window {
  return {
    start: readTime(range?.start, -Infinity, what),
    end: readTime(range?.end, Infinity, what),
  };
}

/** Keys of logs that stand there as PKCS#1, which is RSA's alone. */
const PKCS1: ReadonlySet<PublicKeyDetails> = new Set([
  PublicKeyDetails.PKCS1_RSA_PKCS1V5,
]);

/** Kinds of keys that logs sign with in the way that is verified here. */
const SPKI: ReadonlySet<PublicKeyDetails> = new Set([
  PublicKeyDetails.PKIX_RSA_PKCS1V5,
  PublicKeyDetails.PKIX_RSA_PKCS1V15_2048_SHA256,
  PublicKeyDetails.PKIX_RSA_PKCS1V15_3072_SHA256,
  PublicKeyDetails.PKIX_RSA_PKCS1V15_4096_SHA256,
  PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
  PublicKeyDetails.PKIX_ECDSA_P384_SHA_384,
  PublicKeyDetails.PKIX_ECDSA_P521_SHA_512,
  PublicKeyDetails.PKIX_ED25519,
]);

/** A log; `undefined` where its key is of a kind that is not supported: its entries prove nothing. */
function readLog(log: LogFormat): TrustedLog | undefined {
  const { baseUrl: url, publicKey, logId, checkpointKeyId } = log;
  const what = `log ${url.slice(0, 200)}`;
  const { rawBytes, keyDetails, validFor } = publicKey ?? fail(`${what}: it has no key`);
  if (rawBytes === undefined || rawBytes.length === 0) return fail(`${what}: it has no key`);
  if (validFor?.start === undefined) {
    return fail(`${what}: its key has no validFor.start, and would be trusted for all the past`);
  }
  const ids = [logId, checkpointKeyId].flatMap((id) => id === undefined ? [] : [id.keyId]);
  if (ids.length === 0 || ids.some(({ length }) => length < 4)) {
    return fail(`${what}: it has no logId`);
  }
  if (!PKCS1.has(keyDetails) && !SPKI.has(keyDetails)) return undefined;
  const key = PKCS1.has(keyDetails)
    ? publicKeyFromPkcs1(rawBytes, what)
    : publicKeyFromSpki(rawBytes, what);
  return { url, ids, key, window: readWindow(validFor, what) };
}

function readAuthority({ uri, certChain, validFor }: AuthorityFormat): TrustedAuthority {
  const what = `authority ${uri.slice(0, 200)}`;
  const chain = certChain?.certificates ?? [];
  if (chain.length === 0) return fail(`${what}: it has no certificates`);
  if (chain.length > MAX_CHAIN) return fail(`${what}: it has more than ${MAX_CHAIN} certificates`);
  return {
    uri,
    certificates: chain.map(({ rawBytes }) => parseCertificate(rawBytes)),
    window: readWindow(validFor, what),
  };
}

function readLogs(logs: readonly LogFormat[]): readonly TrustedLog[] {
  return logs.map(readLog).filter((log) => log !== undefined);
}

/**
 * Read a trusted root (protobuf-specs, sigstore_trustroot.proto): what TUF gives out as
 * `trusted_root.json`, and `cosign trusted-root create` writes.
 *
 * @throws {MalformedError} also where a log's key has no beginning of its validity
 */
export function parseTrustedRoot(bytes: Uint8Array): TrustedRoot {
  try {
    const root = TrustedRootFormat.fromJSON(JSON.parse(decodeText(bytes)));
    if (!MEDIA_TYPES.has(root.mediaType)) {
      fail(`its media type is "${root.mediaType.slice(0, 80)}", and no trusted root's`);
    }
    return {
      logs: readLogs(root.tlogs),
      ctLogs: readLogs(root.ctlogs),
      certificateAuthorities: root.certificateAuthorities.map(readAuthority),
      timestampAuthorities: root.timestampAuthorities.map(readAuthority),
    };
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    throw new MalformedError("trusted root", messageOf(error).slice(0, 300), { cause: error });
  }
}
