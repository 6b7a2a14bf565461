import { MalformedError, messageOf } from "../base/errors.ts";
import { equalBytes } from "../base/bytes.ts";
import {
  DER_TAGS,
  derBoolean,
  derChild,
  derOid,
  derSmallInteger,
  derTime,
  type DerValue,
  parseDer,
} from "./der.ts";
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from "./signature_algorithm.ts";

/** An extension of a certificate, with its value unread. */
export interface Extension {
  readonly critical: boolean;
  /** The OCTET STRING around the value. */
  readonly value: DerValue;
}

/** An X.509 certificate (RFC 5280 §4.1). Nothing in it is verified. */
export interface Certificate {
  readonly der: Uint8Array;
  /** What its issuer signed. */
  readonly tbs: DerValue;
  readonly signature: Uint8Array;
  /** How it was signed; `undefined` where it is a way that is not supported. */
  readonly algorithm: SignatureAlgorithm | undefined;
  readonly serial: Uint8Array;
  /** Names, DER as it stands. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since 1970, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly spki: Uint8Array;
  /** By object identifier. */
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly isCa: boolean;
  /** How many authorities may stand between it and the signer; `undefined` where any number may. */
  readonly pathLength: number | undefined;
  /** What its key may do; `undefined` where nothing says so, and it may do all. */
  readonly keyUsage: { readonly sign: boolean; readonly certify: boolean } | undefined;
  /** What for, as object identifiers; `undefined` where nothing says so. */
  readonly purposes: readonly string[] | undefined;
}

const OIDS = {
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
};

const VERSION_3 = 2;

/** The context-specific tags of a TBSCertificate: [0] version, [3] extensions. */
const VERSION_TAG = 0xa0;
export const EXTENSIONS_TAG = 0xa3;

function readExtensions(tbs: DerValue): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  const holder = derChild(tbs, -1, EXTENSIONS_TAG);
  for (const extension of derChild(holder, 0, DER_TAGS.sequence).children) {
    const { children } = extension;
    const oid = derOid(derChild(extension, 0));
    if (extensions.has(oid)) throw new MalformedError("certificate", `it has ${oid} twice`);
    extensions.set(oid, {
      critical: children.length > 2 && derBoolean(derChild(extension, 1)),
      value: derChild(extension, children.length > 2 ? 2 : 1, DER_TAGS.octetString),
    });
  }
  return extensions;
}

/** The one value within an extension. */
export function extensionValue({ value }: Extension, tag?: number): DerValue {
  if (value.children.length !== 1) {
    throw new MalformedError("certificate extension", "it is no DER");
  }
  return derChild(value, 0, tag);
}

type Constraints = Pick<Certificate, "isCa" | "pathLength">;

function readConstraints(extension: Extension | undefined): Constraints {
  if (extension === undefined) return { isCa: false, pathLength: undefined };
  const { children } = extensionValue(extension, DER_TAGS.sequence);
  const [first, second] = children;
  const isCa = first !== undefined && derBoolean(first);
  return { isCa, pathLength: second === undefined ? undefined : derSmallInteger(second) };
}

/** The bits of a BIT STRING, the first one being the highest of the first octet (X.690 §8.6). */
function hasBit({ content }: DerValue, bit: number): boolean {
  return ((content[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0;
}

/** RFC 5280 §4.2.1.3: digitalSignature and keyCertSign. */
const SIGN_BIT = 0;
const CERTIFY_BIT = 5;

function readKeyUsage(extension: Extension | undefined): Certificate["keyUsage"] {
  if (extension === undefined) return undefined;
  const bits = extensionValue(extension, DER_TAGS.bitString);
  return { sign: hasBit(bits, SIGN_BIT), certify: hasBit(bits, CERTIFY_BIT) };
}

function readPurposes(extension: Extension | undefined): Certificate["purposes"] {
  return extension && extensionValue(extension, DER_TAGS.sequence).children.map(derOid);
}

function readCertificate(der: Uint8Array): Certificate {
  const whole = parseDer("certificate", der);
  const tbs = derChild(whole, 0, DER_TAGS.sequence);
  const outer = derChild(whole, 1, DER_TAGS.sequence);
  const bits = derChild(whole, 2, DER_TAGS.bitString);
  // Without [0] it would be of version 1, which has no extensions.
  if (derSmallInteger(derChild(derChild(tbs, 0, VERSION_TAG), 0)) !== VERSION_3) {
    throw new MalformedError("certificate", "want version 3");
  }
  const inner = derChild(tbs, 2, DER_TAGS.sequence);
  // RFC 5280 §4.1.1.2: the one that is signed must be the same.
  if (!equalBytes(inner.bytes, outer.bytes)) {
    throw new MalformedError("certificate", "it names two signature algorithms");
  }
  if (
    whole.tag !== DER_TAGS.sequence || whole.children.length !== 3 || bits.content[0] !== 0
  ) {
    throw new MalformedError("certificate", "it has another shape");
  }
  const validity = derChild(tbs, 4, DER_TAGS.sequence);
  const extensions = readExtensions(tbs);
  return {
    der,
    tbs,
    signature: bits.content.subarray(1),
    algorithm: SIGNATURE_ALGORITHMS[derOid(derChild(outer, 0))],
    serial: derChild(tbs, 1, DER_TAGS.integer).content,
    issuer: derChild(tbs, 3, DER_TAGS.sequence).bytes,
    notBefore: derTime(derChild(validity, 0)),
    notAfter: derTime(derChild(validity, 1)),
    subject: derChild(tbs, 5, DER_TAGS.sequence).bytes,
    spki: derChild(tbs, 6, DER_TAGS.sequence).bytes,
    extensions,
    ...readConstraints(extensions.get(OIDS.basicConstraints)),
    keyUsage: readKeyUsage(extensions.get(OIDS.keyUsage)),
    purposes: readPurposes(extensions.get(OIDS.extendedKeyUsage)),
  };
}

/**
 * Read an X.509 certificate, version 3, in DER.
 *
 * @throws {MalformedError}
 */
export function parseCertificate(untrusted: Uint8Array): Certificate {
  try {
    return readCertificate(untrusted);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const why = messageOf(error).replace(/^Cannot read [^:]*: /u, "");
    throw new MalformedError("certificate", why, { cause: error });
  }
}
