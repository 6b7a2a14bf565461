/** X.509 certificates that tests issue, right or wrong as they want them. */

import { Buffer } from "node:buffer";
import { concatBytes, encodeText } from "../../../lib/base/bytes.ts";
import { sha256 } from "../../../lib/base/hash.ts";
import {
  bigEndian,
  bits,
  bitString,
  boolean,
  integer,
  octets,
  oid,
  opaque,
  sequence,
  set,
  tagged,
  utcTime,
  utf8,
} from "./der.ts";
import { encodeDer } from "../../../lib/signature/der.ts";
import type { SigningKey } from "./keys.ts";

/** An extension, with its value in DER. */
export interface TestExtension {
  readonly oid: string;
  readonly value: Uint8Array;
  readonly critical?: boolean;
}

/** A log that promises to show certificates. */
export interface TestCtLog {
  readonly id: Uint8Array;
  readonly key: SigningKey;
}

export interface CertificateOptions {
  readonly subject: string;
  readonly issuer: string;
  /** The key that it is about. */
  readonly spki: Uint8Array;
  /** The issuer's key. */
  readonly signer: SigningKey;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly TestExtension[];
  /** The AlgorithmIdentifier outside of what is signed; that within, unless told. */
  readonly algorithm?: Uint8Array;
  /** Who promises to log it, and when. */
  readonly scts?: readonly { readonly log: TestCtLog; readonly time: number }[];
}

/** A name of one common name; an empty one has none. */
export function nameOf(text: string): Uint8Array {
  return text === "" ? sequence() : sequence(set(sequence(oid("2.5.4.3"), utf8(text))));
}

export const basicConstraints = (ca: boolean, pathLength?: number): TestExtension => ({
  oid: "2.5.29.19",
  critical: true,
  value: sequence(
    ...ca ? [boolean(true)] : [],
    ...pathLength === undefined ? [] : [integer(pathLength)],
  ),
});

/** 0x80 is for signatures, 0x04 for certificates. */
export const keyUsage = (octet: number): TestExtension => ({
  oid: "2.5.29.15",
  critical: true,
  value: bits(octet),
});

export const purposes = (...oids: readonly string[]): TestExtension => ({
  oid: "2.5.29.37",
  value: sequence(...oids.map(oid)),
});

/** Names by their tags: 1 e-mail, 2 host, 6 URI. */
export const alternativeNames = (
  ...names: readonly (readonly [tag: number, text: string])[]
): TestExtension => ({
  oid: "2.5.29.17",
  critical: true,
  value: sequence(...names.map(([tag, text]) => encodeDer(0x80 + tag, [encodeText(text)]))),
});

export const userName = (text: string): TestExtension => ({
  oid: "2.5.29.17",
  critical: true,
  value: sequence(tagged(0, oid("1.3.6.1.4.1.57264.1.7"), tagged(0, utf8(text)))),
});

export const issuerExtension = (url: string): TestExtension => ({
  oid: "1.3.6.1.4.1.57264.1.8",
  value: utf8(url),
});

/** One of the older extensions, which hold the text itself. */
export const rawExtension = (oid: string, text: string): TestExtension => ({
  oid,
  value: encodeText(text),
});

const encodeExtension = ({ oid: name, critical = false, value }: TestExtension): Uint8Array =>
  sequence(oid(name), ...critical ? [boolean(true)] : [], octets(value));

function encodeTbs(
  { subject, issuer, spki, signer, notBefore, notAfter }: CertificateOptions,
  extensions: readonly TestExtension[],
): Uint8Array {
  return sequence(
    tagged(0, integer(2)),
    integer(1, ...sha256(spki).subarray(0, 8)),
    signer.algorithm,
    nameOf(issuer),
    sequence(utcTime(notBefore), utcTime(notAfter)),
    nameOf(subject),
    spki,
    tagged(3, sequence(...extensions.map(encodeExtension))),
  );
}

/** What a log signs, and what TLS calls its algorithm. */
function encodeSct({ log, time }: { log: TestCtLog; time: number }, entry: Uint8Array): Uint8Array {
  const signed = concatBytes([Uint8Array.of(0, 0), bigEndian(time, 8), entry, bigEndian(0, 2)]);
  const algorithm = log.key.kind === "rsa" ? [4, 1] : log.key.kind === "P-384" ? [5, 3] : [4, 3];
  return concatBytes([
    Uint8Array.of(0),
    log.id,
    bigEndian(time, 8),
    bigEndian(0, 2),
    Uint8Array.from(algorithm),
    opaque(log.key.sign(signed)),
  ]);
}

export function issueCertificate(options: CertificateOptions): Uint8Array {
  const { signer, extensions, algorithm = signer.algorithm, scts = [] } = options;
  const precertificate = encodeTbs(options, extensions);
  const entry = concatBytes([
    bigEndian(1, 2),
    sha256(signer.spki),
    opaque(precertificate, 3),
  ]);
  const list = concatBytes(scts.map((sct) => opaque(encodeSct(sct, entry))));
  const tbs = scts.length === 0 ? precertificate : encodeTbs(options, [
    ...extensions,
    { oid: "1.3.6.1.4.1.11129.2.4.2", value: octets(opaque(list)) },
  ]);
  return sequence(tbs, algorithm, bitString(signer.sign(tbs)));
}

/** An SCT that stands beside a certificate, as JSON. */
export function detachedSct(log: TestCtLog, certificate: Uint8Array, time: number): string {
  const sct = encodeSct({ log, time }, concatBytes([bigEndian(0, 2), opaque(certificate, 3)]));
  return JSON.stringify({
    sct_version: 0,
    id: Buffer.from(log.id).toString("base64"),
    timestamp: time,
    extensions: "",
    // What stands behind version, log, time and extensions.
    signature: Buffer.from(sct.subarray(1 + 32 + 8 + 2)).toString("base64"),
  });
}
