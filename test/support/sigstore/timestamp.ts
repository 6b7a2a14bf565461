/** Time stamps (RFC 3161) that tests make. */

import { sha256 } from "../../../lib/base/hash.ts";
import { nameOf } from "./certificate.ts";
import { generalizedTime, integer, octets, oid, sequence, set, tagged } from "./der.ts";
import type { SigningKey } from "./keys.ts";

const SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"));
const INFO = "1.2.840.113549.1.9.16.1.4";

export interface TimestampOptions {
  readonly key: SigningKey;
  /** Of the authority's certificate. */
  readonly issuer: string;
  /** Of the authority's certificate, DER with its header. */
  readonly serial: Uint8Array;
  readonly time: number;
  readonly status?: number;
  /** What it says to be the signature of. */
  readonly contentType?: string;
  readonly signers?: number;
  /** Certificates to send with it. */
  readonly certificates?: readonly Uint8Array[];
}

/** Stamp some bytes. */
export function stamp(
  bytes: Uint8Array,
  { key, issuer, serial, time, status = 0, ...more }: TimestampOptions,
): Uint8Array {
  const { contentType = INFO, signers = 1, certificates = [] } = more;
  const info = sequence(
    integer(1),
    oid("1.3.6.1.4.1.57264.2"),
    sequence(SHA256, octets(sha256(bytes))),
    integer(7),
    generalizedTime(time),
  );
  const attributes = [
    sequence(oid("1.2.840.113549.1.9.3"), set(oid(contentType))),
    sequence(oid("1.2.840.113549.1.9.4"), set(octets(sha256(info)))),
  ];
  const signer = sequence(
    integer(1),
    sequence(nameOf(issuer), serial),
    SHA256,
    tagged(0, ...attributes),
    key.kind === "rsa" ? sequence(oid("1.2.840.113549.1.1.1")) : key.algorithm,
    octets(key.sign(set(...attributes))),
  );
  const data = sequence(
    integer(3),
    set(SHA256),
    sequence(oid(INFO), tagged(0, octets(info))),
    ...certificates.length === 0 ? [] : [tagged(0, ...certificates)],
    set(...Array.from({ length: signers }, () => signer)),
  );
  return sequence(
    sequence(integer(status)),
    sequence(oid("1.2.840.113549.1.7.2"), tagged(0, data)),
  );
}
