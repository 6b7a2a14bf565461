import { MalformedError } from "../base/errors.ts";
import type { SignatureHash } from "../keys/algorithm.ts";
import {
  DER_TAGS,
  derChild,
  derOid,
  derSmallInteger,
  derTime,
  type DerValue,
  encodeDer,
  parseDer,
} from "./der.ts";
import {
  HASH_ALGORITHMS,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
} from "./signature_algorithm.ts";

/** A time stamp (RFC 3161 §2.4). Nothing in it is verified. */
export interface TimestampToken {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The digest of what was stamped. */
  readonly imprint: { readonly hash: SignatureHash; readonly digest: Uint8Array };
  /** What the signature is over, and what that says of {@link TimestampToken.info}. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  /** The stated time and imprint themselves, and the digest by which they are signed. */
  readonly info: Uint8Array;
  readonly infoDigest: { readonly hash: SignatureHash; readonly digest: Uint8Array };
  /** Who says to have signed: issuer (a name in DER) and serial number of the certificate. */
  readonly signer: { readonly issuer: Uint8Array; readonly serial: Uint8Array };
  /** What the authority sent with it; as a rule nothing. */
  readonly certificates: readonly Uint8Array[];
}

const OIDS = {
  signedData: "1.2.840.113549.1.7.2",
  timestampInfo: "1.2.840.113549.1.9.16.1.4",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  rsa: "1.2.840.113549.1.1.1",
  ecPublicKey: "1.2.840.10045.2.1",
};

/** The tag of [0], constructed. */
const TAG_0 = 0xa0;

/** PKIStatus (RFC 3161 §2.4.2): granted, with or without changes. */
const GRANTED: ReadonlySet<number> = new Set([0, 1]);

function malformed(why: string): never {
  throw new MalformedError("timestamp", why);
}

function hashOf(algorithm: DerValue): SignatureHash {
  return HASH_ALGORITHMS[derOid(derChild(algorithm, 0))] ?? malformed("its hash is not supported");
}

/** Some authorities name only the kind of key; then the hash is that of the attributes. */
function algorithmOf(value: DerValue, hash: SignatureHash): SignatureAlgorithm {
  const oid = derOid(derChild(value, 0));
  if (oid === OIDS.rsa) return { family: "rsa", hash };
  if (oid === OIDS.ecPublicKey) return { family: "ecdsa", hash };
  return SIGNATURE_ALGORITHMS[oid] ?? malformed("its signature algorithm is not supported");
}

/** The one value of an attribute (RFC 5652 §5.3), each of which may be there once. */
function attribute(attributes: DerValue, oid: string): DerValue {
  const found = attributes.children.filter((one) => derOid(derChild(one, 0)) === oid);
  const values = found.length === 1 ? derChild(found[0], 1, DER_TAGS.set).children : [];
  return values.length === 1 ? values[0]! : malformed("it lacks a signed attribute");
}

/** SignedData (RFC 5652 §5.1). */
function readSignedData(token: DerValue): DerValue {
  if (derOid(derChild(token, 0)) !== OIDS.signedData) malformed("it is not signed");
  return derChild(derChild(token, 1, TAG_0), 0, DER_TAGS.sequence);
}

/** TSTInfo (RFC 3161 §2.4.2). */
function readInfo(info: Uint8Array): Pick<TimestampToken, "time" | "imprint"> {
  const value = parseDer("timestamp", info);
  const imprint = derChild(value, 2, DER_TAGS.sequence);
  return {
    time: derTime(derChild(value, 4, DER_TAGS.generalizedTime)),
    imprint: {
      hash: hashOf(derChild(imprint, 0)),
      digest: derChild(imprint, 1, DER_TAGS.octetString).content,
    },
  };
}

/** SignerInfo (RFC 5652 §5.3), with attributes as a time stamp must have them. */
function readSigner(
  signer: DerValue,
): Pick<TimestampToken, "signed" | "signature" | "algorithm" | "infoDigest" | "signer"> {
  const name = derChild(signer, 1, DER_TAGS.sequence);
  const hash = hashOf(derChild(signer, 2));
  const attributes = derChild(signer, 3, TAG_0);
  if (derOid(attribute(attributes, OIDS.contentType)) !== OIDS.timestampInfo) {
    malformed("it is signed as something else");
  }
  const digest = attribute(attributes, OIDS.messageDigest);
  if (digest.tag !== DER_TAGS.octetString) malformed("its digest has another shape");
  return {
    // Signed as a SET, and sent as [0] (RFC 5652 §5.4).
    signed: encodeDer(DER_TAGS.set, [attributes.content]),
    signature: derChild(signer, 5, DER_TAGS.octetString).content,
    algorithm: algorithmOf(derChild(signer, 4), hash),
    infoDigest: { hash, digest: digest.content },
    signer: {
      issuer: derChild(name, 0).bytes,
      serial: derChild(name, 1, DER_TAGS.integer).content,
    },
  };
}

function readToken(der: Uint8Array): TimestampToken {
  const response = parseDer("timestamp", der);
  if (response.tag !== DER_TAGS.sequence) malformed("it has another shape");
  const status = derSmallInteger(derChild(derChild(response, 0), 0));
  if (!GRANTED.has(status)) malformed("the authority refused it");
  const data = readSignedData(derChild(response, 1, DER_TAGS.sequence));
  const content = derChild(data, 2, DER_TAGS.sequence);
  if (derOid(derChild(content, 0)) !== OIDS.timestampInfo) malformed("it is of something else");
  const info = derChild(derChild(content, 1, TAG_0), 0, DER_TAGS.octetString).content;
  const signers = derChild(data, -1, DER_TAGS.set);
  if (signers.children.length !== 1) malformed("want one signer");
  return {
    ...readInfo(info),
    ...readSigner(derChild(signers, 0)),
    info,
    certificates: data.children.filter(({ tag }) => tag === TAG_0)
      .flatMap(({ children }) => children.map(({ bytes }) => bytes)),
  };
}

/**
 * Read a time-stamp response (RFC 3161 §2.4.2) in DER.
 *
 * @throws {MalformedError}
 */
export function parseTimestamp(untrusted: Uint8Array): TimestampToken {
  try {
    return readToken(untrusted);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const why = error.message.replace(/^Cannot read [^:]*: /u, "");
    throw new MalformedError("timestamp", why, { cause: error });
  }
}
