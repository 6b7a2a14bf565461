/** A Sigstore instance of a test's own: authorities, logs, and what they make. */

import { encodeBase64, encodeText } from "../../../lib/base/bytes.ts";
import { sha256 } from "../../../lib/base/hash.ts";
import { parseCertificate } from "../../../lib/signature/certificate.ts";
import { derChild } from "../../../lib/signature/der.ts";
import {
  alternativeNames,
  basicConstraints,
  type CertificateOptions,
  issueCertificate,
  issuerExtension,
  keyUsage,
  purposes,
  type TestExtension,
} from "./certificate.ts";
import { createSigningKey, type KeyKind, type SigningKey } from "./keys.ts";
import { createLog, type TestLog } from "./log.ts";
import { stamp, type TimestampOptions } from "./timestamp.ts";

/** When everything is signed, unless told. */
export const SIGNED_AT: number = Date.parse("2026-11-23T10:00:00Z");

export const MINUTE: number = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

export const SUBJECT = "alice@example.com";
export const ISSUER = "https://oidc.example";

export const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
export const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";

/** The kinds of keys of an instance. */
export interface InstanceKinds {
  readonly authority?: KeyKind;
  readonly rekor1?: KeyKind;
  readonly rekor2?: KeyKind;
  readonly ct?: KeyKind;
  readonly tsa?: KeyKind;
}

/** What of an authority's certificate is otherwise than usual. */
export type CertificateChange = Partial<CertificateOptions>;

/** The usual extensions of a signer's certificate. */
export function leafExtensions(
  subject: string = SUBJECT,
  issuer: string = ISSUER,
): readonly TestExtension[] {
  return [
    keyUsage(0x80),
    purposes(CODE_SIGNING),
    alternativeNames([subject.includes("://") ? 6 : 1, subject]),
    issuerExtension(issuer),
  ];
}

const authorityExtensions = (pathLength: number, purpose: string): readonly TestExtension[] => [
  basicConstraints(true, pathLength),
  keyUsage(0x06),
  purposes(purpose),
];

export interface Instance {
  readonly root: SigningKey;
  readonly intermediate: SigningKey;
  readonly tsa: SigningKey;
  readonly rekor1: TestLog;
  readonly rekor2: TestLog;
  readonly ct: TestLog;
  /** DER, the issuer first. */
  readonly chain: readonly [Uint8Array, Uint8Array];
  readonly tsaChain: readonly [Uint8Array, Uint8Array];
}

/** What is otherwise than usual of the authorities' certificates. */
export interface InstanceChanges {
  readonly intermediate?: CertificateChange;
  readonly root?: CertificateChange;
  readonly tsa?: CertificateChange;
}

export function createInstance(kinds: InstanceKinds = {}, changes: InstanceChanges = {}): Instance {
  const root = createSigningKey(kinds.authority ?? "P-384");
  const intermediate = createSigningKey(kinds.authority ?? "P-384");
  const tsaRoot = createSigningKey(kinds.tsa);
  const tsa = createSigningKey(kinds.tsa);
  const ctKey = createSigningKey(kinds.ct);
  const during = { notBefore: SIGNED_AT - YEAR, notAfter: SIGNED_AT + YEAR };
  const rootCertificate = issueCertificate({
    subject: "root",
    issuer: "root",
    spki: root.spki,
    signer: root,
    ...during,
    extensions: [basicConstraints(true, 1), keyUsage(0x06)],
    ...changes.root,
  });
  const issued = issueCertificate({
    subject: "intermediate",
    issuer: "root",
    spki: intermediate.spki,
    signer: root,
    ...during,
    extensions: authorityExtensions(0, CODE_SIGNING),
    ...changes.intermediate,
  });
  const tsaRootCertificate = issueCertificate({
    subject: "tsa root",
    issuer: "tsa root",
    spki: tsaRoot.spki,
    signer: tsaRoot,
    ...during,
    extensions: [basicConstraints(true, 0), keyUsage(0x06)],
  });
  const tsaCertificate = issueCertificate({
    subject: "tsa",
    issuer: "tsa root",
    spki: tsa.spki,
    signer: tsaRoot,
    ...during,
    extensions: [keyUsage(0x80), { ...purposes(TIME_STAMPING), critical: true }],
    ...changes.tsa,
  });
  return {
    root,
    intermediate,
    tsa,
    rekor1: createLog(1, "rekor.example", createSigningKey(kinds.rekor1)),
    rekor2: createLog(2, "rekor2.example", createSigningKey(kinds.rekor2 ?? "ed25519")),
    ct: { version: 1, name: "ct.example", id: sha256(ctKey.spki), key: ctKey },
    chain: [issued, rootCertificate],
    tsaChain: [tsaCertificate, tsaRootCertificate],
  };
}

const KEY_DETAILS: Readonly<Record<KeyKind, string>> = {
  "P-256": "PKIX_ECDSA_P256_SHA_256",
  "P-384": "PKIX_ECDSA_P384_SHA_384",
  "rsa": "PKIX_RSA_PKCS1V15_2048_SHA256",
  "ed25519": "PKIX_ED25519",
};

/** A window of a trusted root, in milliseconds since 1970. */
export interface TestWindow {
  readonly start?: number;
  readonly end?: number;
}

const windowJson = ({ start, end }: TestWindow): object => ({
  ...start === undefined ? {} : { start: new Date(start).toISOString() },
  ...end === undefined ? {} : { end: new Date(end).toISOString() },
});

const USUAL: TestWindow = { start: SIGNED_AT - YEAR };

const logJson = ({ name, id, key }: TestLog, window: TestWindow): object => ({
  baseUrl: `https://${name}`,
  hashAlgorithm: "SHA2_256",
  publicKey: {
    rawBytes: encodeBase64(key.spki),
    keyDetails: KEY_DETAILS[key.kind],
    validFor: windowJson(window),
  },
  logId: { keyId: encodeBase64(id) },
});

export const authorityJson = (chain: readonly Uint8Array[], window: TestWindow): object => ({
  subject: { organization: "example", commonName: "example" },
  uri: "https://authority.example",
  certChain: { certificates: chain.map((der) => ({ rawBytes: encodeBase64(der) })) },
  validFor: windowJson(window),
});

/** When each part of an instance is trusted; a year before signing until for ever unless told. */
export type TestWindows = Partial<
  Record<"rekor1" | "rekor2" | "ct" | "authority" | "tsa", TestWindow>
>;

/** The trusted root of an instance, as JSON. */
export function trustedRootJson(instance: Instance, windows: TestWindows = {}): object {
  const { rekor1, rekor2, ct, chain, tsaChain } = instance;
  return {
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [logJson(rekor1, windows.rekor1 ?? USUAL), logJson(rekor2, windows.rekor2 ?? USUAL)],
    certificateAuthorities: [authorityJson(chain, windows.authority ?? USUAL)],
    ctlogs: [logJson(ct, windows.ct ?? USUAL)],
    timestampAuthorities: [authorityJson(tsaChain, windows.tsa ?? USUAL)],
  };
}

/** A signer's certificate, valid for ten minutes around the usual time. */
export function issueLeaf(
  { intermediate, ct }: Instance,
  key: SigningKey,
  change: CertificateChange = {},
): Uint8Array {
  return issueCertificate({
    subject: "",
    issuer: "intermediate",
    spki: key.spki,
    signer: intermediate,
    notBefore: SIGNED_AT - 5 * MINUTE,
    notAfter: SIGNED_AT + 5 * MINUTE,
    extensions: leafExtensions(),
    scts: [{ log: ct, time: SIGNED_AT - 5 * MINUTE }],
    ...change,
  });
}

/** A time stamp by an instance's authority. */
export function stampBy(
  { tsa, tsaChain }: Instance,
  bytes: Uint8Array,
  change: Partial<TimestampOptions> = {},
): Uint8Array {
  const { tbs } = parseCertificate(tsaChain[0]);
  const serial = derChild(tbs, 1).bytes;
  return stamp(bytes, { key: tsa, issuer: "tsa root", serial, time: SIGNED_AT, ...change });
}

/** PEM as Rekor v1 keeps it in its entries: base64 of it. */
export function pem64(label: string, der: Uint8Array): string {
  const body = encodeBase64(der).replace(/.{1,64}/gu, "$&\n");
  return encodeBase64(encodeText(`-----BEGIN ${label}-----\n${body}-----END ${label}-----\n`));
}
