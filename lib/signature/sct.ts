import { Buffer } from "node:buffer";
import * as v from "valibot";
import { concatBytes, decodeBase64 } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import { sha256 } from "../base/hash.ts";
import type { SignatureHash } from "../keys/algorithm.ts";
import { type Certificate, EXTENSIONS_TAG } from "./certificate.ts";
import { DER_TAGS, derChild, derOid, encodeDer } from "./der.ts";
import type { SignatureAlgorithm } from "./signature_algorithm.ts";

/** A promise that a certificate will be in a CT log (RFC 6962 §3.2). Nothing in it is verified. */
export interface Sct {
  readonly logId: Uint8Array;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly extensions: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

/** The extension with a certificate's own. */
const SCT_LIST = "1.3.6.1.4.1.11129.2.4.2";

/** TLS's numbers of hashes and signature algorithms (RFC 5246 §7.4.1.4.1). */
const HASHES: Readonly<Record<number, SignatureHash>> = { 4: "sha256", 5: "sha384", 6: "sha512" };
const FAMILIES: Readonly<Record<number, "ecdsa" | "rsa">> = { 1: "rsa", 3: "ecdsa" };

const V1 = 0;

/** A list of octets that is read from its beginning, as TLS structures are. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new MalformedError("SCT", "it ends too early");
    return this.#bytes.subarray(this.#at, this.#at = end);
  }

  number(length: number): number {
    return this.take(length).reduce((number, octet) => number * 0x100 + octet, 0);
  }

  /** An opaque value whose length stands before it in two octets. */
  opaque(): Uint8Array {
    return this.take(this.number(2));
  }

  end(): void {
    if (!this.atEnd) throw new MalformedError("SCT", "there is more after its end");
  }
}

function readSigned(reader: Reader): Pick<Sct, "algorithm" | "signature"> {
  const hash = HASHES[reader.number(1)];
  const family = FAMILIES[reader.number(1)];
  const signature = reader.opaque();
  reader.end();
  if (hash === undefined || family === undefined) {
    throw new MalformedError("SCT", "its signature algorithm is not supported");
  }
  return { algorithm: { family, hash }, signature };
}

function readSct(bytes: Uint8Array): Sct {
  const reader = new Reader(bytes);
  if (reader.number(1) !== V1) throw new MalformedError("SCT", "want version 1");
  const logId = reader.take(32);
  const time = reader.number(8);
  if (!Number.isSafeInteger(time)) throw new MalformedError("SCT", "its time is far off");
  const extensions = reader.opaque();
  return { logId, time, extensions, ...readSigned(reader) };
}

/**
 * The SCTs within a certificate (RFC 6962 §3.3); none where it has no such extension.
 *
 * @throws {MalformedError}
 */
export function embeddedScts({ extensions }: Certificate): readonly Sct[] {
  const extension = extensions.get(SCT_LIST);
  if (extension === undefined) return [];
  const outer = new Reader(derChild(extension.value, 0, DER_TAGS.octetString).content);
  const list = new Reader(outer.opaque());
  outer.end();
  const scts: Sct[] = [];
  while (!list.atEnd) scts.push(readSct(list.opaque()));
  return scts;
}

const DetachedSchema = v.object({
  sct_version: v.literal(V1),
  id: v.string(),
  timestamp: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  extensions: v.nullish(v.string()),
  signature: v.string(),
});

/**
 * Read an SCT that stands beside a certificate: the JSON of RFC 6962 §4.1, as Fulcio once answered.
 *
 * @throws {MalformedError}
 */
export function parseDetachedSct(untrusted: Uint8Array): Sct {
  const sct = parseJson("SCT", untrusted, DetachedSchema);
  try {
    return {
      logId: decodeBase64(sct.id),
      time: sct.timestamp,
      extensions: decodeBase64(sct.extensions ?? ""),
      ...readSigned(new Reader(decodeBase64(sct.signature))),
    };
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    throw new MalformedError("SCT", "want base64", { cause: error });
  }
}

function bigEndian(number: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes.subarray(8 - length);
}

/** The certificate as the CT log saw it before it could hold the log's own promise. */
function withoutScts({ tbs }: Certificate): Uint8Array {
  const list = derChild(derChild(tbs, -1, EXTENSIONS_TAG), 0);
  const kept = list.children.filter((extension) => derOid(derChild(extension, 0)) !== SCT_LIST);
  const extensions = encodeDer(DER_TAGS.sequence, kept.map(({ bytes }) => bytes));
  return encodeDer(DER_TAGS.sequence, [
    ...tbs.children.slice(0, -1).map(({ bytes }) => bytes),
    encodeDer(EXTENSIONS_TAG, [extensions]),
  ]);
}

const X509_ENTRY = 0;
const PRECERT_ENTRY = 1;

/**
 * What a CT log signed for an SCT (RFC 6962 §3.2).
 *
 * @param issuerSpki of the authority that issued the certificate; `undefined` for an SCT that stands
 *   beside it, which is for the whole certificate
 */
export function signedForSct(
  { time, extensions }: Sct,
  certificate: Certificate,
  issuerSpki: Uint8Array | undefined,
): Uint8Array {
  const certified = issuerSpki === undefined ? certificate.der : withoutScts(certificate);
  return concatBytes([
    Uint8Array.from([V1, 0]),
    bigEndian(time, 8),
    bigEndian(issuerSpki === undefined ? X509_ENTRY : PRECERT_ENTRY, 2),
    issuerSpki === undefined ? new Uint8Array() : sha256(issuerSpki),
    bigEndian(certified.length, 3),
    certified,
    bigEndian(extensions.length, 2),
    extensions,
  ]);
}
