import { Buffer } from "node:buffer";
import * as v from "valibot";
import { decodeBase64, decodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import type { SignatureHash } from "../keys/algorithm.ts";
import { decodePem } from "../keys/pem.ts";

/** Who signed, as an entry names it. */
export interface LoggedVerifier {
  readonly kind: "certificate" | "public-key";
  /** The certificate, or the key's SubjectPublicKeyInfo. */
  readonly der: Uint8Array;
}

/** A digest in an entry. */
export interface LoggedDigest {
  readonly hash: SignatureHash;
  readonly digest: Uint8Array;
  /** What was hashed: what the signature is over, the payload in a DSSE envelope, or that envelope. */
  readonly over: "signed" | "payload" | "envelope";
}

/** What an entry says was signed, and by whom. */
export interface LoggedSignature {
  readonly kind: string;
  readonly version: string;
  /** `undefined` where the kind of entry has no room for it. */
  readonly signature: Uint8Array | undefined;
  readonly verifier: LoggedVerifier;
  /** Each must be the digest of what is there. */
  readonly digests: readonly LoggedDigest[];
}

const HASHES: Readonly<Record<string, SignatureHash>> = {
  sha256: "sha256",
  sha384: "sha384",
  sha512: "sha512",
  SHA2_256: "sha256",
  SHA2_384: "sha384",
  SHA2_512: "sha512",
};

function hashOf(name: string): SignatureHash {
  const hash = Object.hasOwn(HASHES, name) ? HASHES[name] : undefined;
  if (hash === undefined) throw new MalformedError("log entry", "its hash is not supported");
  return hash;
}

function fromBase64(text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch (error) {
    throw new MalformedError("log entry", "want base64", { cause: error });
  }
}

/** Base64 of PEM, as Rekor v1 keeps keys and certificates. */
function pemVerifier(content: string): LoggedVerifier {
  try {
    const { label, bytes } = decodePem(decodeText(fromBase64(content)), "verifier");
    if (label === "CERTIFICATE") return { kind: "certificate", der: bytes };
    if (label === "PUBLIC KEY") return { kind: "public-key", der: bytes };
  } catch {
    // Told below.
  }
  throw new MalformedError("log entry", "it names no certificate and no public key");
}

const HexDigest = v.object({ algorithm: v.string(), value: v.string() });

function hexDigest(
  { algorithm, value }: v.InferOutput<typeof HexDigest>,
  over: LoggedDigest["over"],
): LoggedDigest {
  if (!/^(?:[0-9a-f]{2})+$/u.test(value)) throw new MalformedError("log entry", "want hexadecimal");
  return { hash: hashOf(algorithm), digest: new Uint8Array(Buffer.from(value, "hex")), over };
}

const PemKey = v.object({ content: v.string() });

/** Rekor v1's `hashedrekord`, and `rekord`, which it was before. */
const HashedRekord = v.object({
  data: v.object({ hash: HexDigest }),
  signature: v.object({
    content: v.string(),
    format: v.optional(v.literal("x509")),
    publicKey: PemKey,
  }),
});

function readHashedRekord({ data, signature }: v.InferOutput<typeof HashedRekord>) {
  return {
    signature: fromBase64(signature.content),
    verifier: pemVerifier(signature.publicKey.content),
    digests: [hexDigest(data.hash, "signed")],
  };
}

const Dsse = v.object({
  payloadHash: HexDigest,
  signatures: v.strictTuple([v.object({ signature: v.string(), verifier: v.string() })]),
});

function readDsse({ payloadHash, signatures: [one] }: v.InferOutput<typeof Dsse>) {
  return {
    signature: fromBase64(one.signature),
    verifier: pemVerifier(one.verifier),
    digests: [hexDigest(payloadHash, "payload")],
  };
}

/** Its signature and key are in base64 twice. */
const Intoto2 = v.object({
  content: v.object({
    envelope: v.object({
      signatures: v.strictTuple([v.object({ sig: v.string(), publicKey: v.string() })]),
    }),
    payloadHash: HexDigest,
  }),
});

function readIntoto2({ content: { envelope, payloadHash } }: v.InferOutput<typeof Intoto2>) {
  const [one] = envelope.signatures;
  return {
    signature: fromBase64(Buffer.from(fromBase64(one.sig)).toString("latin1")),
    verifier: pemVerifier(one.publicKey),
    digests: [hexDigest(payloadHash, "payload")],
  };
}

/** It has no signature: only the envelope's own bytes bind it. */
const Intoto1 = v.object({
  content: v.object({ hash: HexDigest }),
  publicKey: v.string(),
});

function readIntoto1({ content: { hash }, publicKey }: v.InferOutput<typeof Intoto1>) {
  return {
    signature: undefined,
    verifier: pemVerifier(publicKey),
    digests: [hexDigest(hash, "envelope")],
  };
}

/** Rekor v2's forms (protobuf-specs, rekor/v2). */
const BytesDigest = v.object({ algorithm: v.string(), digest: v.string() });
const BytesVerifier = v.union([
  v.object({ x509Certificate: v.object({ rawBytes: v.string() }) }),
  v.object({ publicKey: v.object({ rawBytes: v.string() }) }),
]);
const BytesSignature = v.object({ content: v.string(), verifier: BytesVerifier });

function bytesDigest(
  { algorithm, digest }: v.InferOutput<typeof BytesDigest>,
  over: LoggedDigest["over"],
): LoggedDigest {
  return { hash: hashOf(algorithm), digest: fromBase64(digest), over };
}

function bytesSignature({ content, verifier }: v.InferOutput<typeof BytesSignature>) {
  const signature = fromBase64(content);
  const read: LoggedVerifier = "x509Certificate" in verifier
    ? { kind: "certificate", der: fromBase64(verifier.x509Certificate.rawBytes) }
    : { kind: "public-key", der: fromBase64(verifier.publicKey.rawBytes) };
  return { signature, verifier: read };
}

const HashedRekord2 = v.object({
  hashedRekordV002: v.object({ data: BytesDigest, signature: BytesSignature }),
});

function readHashedRekord2({ hashedRekordV002: spec }: v.InferOutput<typeof HashedRekord2>) {
  return { ...bytesSignature(spec.signature), digests: [bytesDigest(spec.data, "signed")] };
}

const Dsse2 = v.object({
  dsseV002: v.object({ payloadHash: BytesDigest, signatures: v.strictTuple([BytesSignature]) }),
});

function readDsse2({ dsseV002: { payloadHash, signatures } }: v.InferOutput<typeof Dsse2>) {
  return { ...bytesSignature(signatures[0]), digests: [bytesDigest(payloadHash, "payload")] };
}

type Logged = Omit<LoggedSignature, "kind" | "version">;

function reader<Spec extends v.GenericSchema>(
  schema: Spec,
  read: (spec: v.InferOutput<Spec>) => Logged,
): (untrusted: unknown) => Logged {
  return (untrusted) => {
    const result = v.safeParse(schema, untrusted);
    if (result.success) return read(result.output);
    throw new MalformedError("log entry", "its body has another shape than its kind");
  };
}

/** The kinds of entries that are read: of Rekor v1 those of the first line, and of Rekor v2. */
const READERS: Readonly<Record<string, (untrusted: unknown) => Logged>> = {
  "hashedrekord 0.0.1": reader(HashedRekord, readHashedRekord),
  "rekord 0.0.1": reader(HashedRekord, readHashedRekord),
  "dsse 0.0.1": reader(Dsse, readDsse),
  "intoto 0.0.1": reader(Intoto1, readIntoto1),
  "intoto 0.0.2": reader(Intoto2, readIntoto2),
  "hashedrekord 0.0.2": reader(HashedRekord2, readHashedRekord2),
  "dsse 0.0.2": reader(Dsse2, readDsse2),
};

const BodySchema = v.object({ kind: v.string(), apiVersion: v.string(), spec: v.unknown() });

/**
 * Read what a log's entry says (rekor, pkg/types; rekor-tiles, api/proto).
 *
 * @throws {MalformedError} also for kinds of entries that do not log such signatures
 */
export function parseLogEntryBody(body: Uint8Array): LoggedSignature {
  const { kind, apiVersion: version, spec } = parseJson("log entry", body, BodySchema);
  const name = `${kind} ${version}`;
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (read === undefined) {
    throw new MalformedError("log entry", `entries of kind ${name.slice(0, 80)} are not supported`);
  }
  return { kind, version, ...read(spec) };
}
