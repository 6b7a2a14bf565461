/** Transparency logs that tests write to. */

import { Buffer } from "node:buffer";
import { concatBytes, encodeBase64, encodeText } from "../../../lib/base/bytes.ts";
import { sha256 } from "../../../lib/base/hash.ts";
import type { SigningKey } from "./keys.ts";

export interface TestLog {
  readonly version: 1 | 2;
  readonly name: string;
  readonly id: Uint8Array;
  readonly key: SigningKey;
}

/** Rekor v1 is known by its key, Rekor v2 by its name and key (C2SP signed-note.md). */
export function createLog(version: 1 | 2, name: string, key: SigningKey): TestLog {
  const type = key.kind === "ed25519" ? 1 : 2;
  const raw = key.kind === "ed25519" ? key.spki.subarray(-32) : key.spki;
  const id = version === 1
    ? sha256(key.spki)
    : sha256(concatBytes([encodeText(`${name}\n`), Uint8Array.of(type), raw]));
  return { version, name, id, key };
}

const leafHash = (leaf: Uint8Array): Uint8Array => sha256(concatBytes([Uint8Array.of(0), leaf]));

const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concatBytes([Uint8Array.of(1), left, right]));

/** The greatest power of two below a number. */
const split = (size: number): number => 2 ** Math.floor(Math.log2(size - 1));

/** RFC 9162 §2.1.1 as it stands there. */
export function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leafHash(leaves[0]!);
  const left = split(leaves.length);
  return nodeHash(treeHash(leaves.slice(0, left)), treeHash(leaves.slice(left)));
}

/** RFC 9162 §2.1.3.1 as it stands there. */
export function inclusionPath(index: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  if (leaves.length === 1) return [];
  const left = split(leaves.length);
  return index < left
    ? [...inclusionPath(index, leaves.slice(0, left)), treeHash(leaves.slice(left))]
    : [...inclusionPath(index - left, leaves.slice(left)), treeHash(leaves.slice(0, left))];
}

/** A line of a signed note. */
export function noteLine(name: string, hint: Uint8Array, signature: Uint8Array): string {
  return `— ${name} ${encodeBase64(concatBytes([hint.subarray(0, 4), signature]))}\n`;
}

export function checkpointOf(
  log: TestLog,
  leaves: readonly Uint8Array[],
  more: (text: string) => string = () => "",
): string {
  const origin = log.version === 1 ? `${log.name} - 6563115096792483695` : log.name;
  const text = `${origin}\n${leaves.length}\n${encodeBase64(treeHash(leaves))}\n`;
  const own = noteLine(log.name, log.id, log.key.sign(encodeText(text)));
  return `${text}\n${more(text)}${own}`;
}

/** How an entry is logged. */
export interface LogOptions {
  readonly kind: string;
  readonly kindVersion: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly promise?: boolean;
  readonly proof?: boolean;
  /** Other entries of the log, before and behind. */
  readonly before?: number;
  readonly behind?: number;
  /** Lines of witnesses. */
  readonly witnesses?: (text: string) => string;
}

/** Log a body, and make the entry of a bundle. */
export function logEntry(log: TestLog, body: Uint8Array, options: LogOptions): object {
  const { kind, kindVersion, time, before = 3, behind = 2, witnesses } = options;
  const other = (index: number) => encodeText(`other ${index}`);
  const leaves = [
    ...Array.from({ length: before }, (_, index) => other(index)),
    body,
    ...Array.from({ length: behind }, (_, index) => other(-index)),
  ];
  const integratedTime = log.version === 1 ? time : 0;
  const { promise = log.version === 1, proof = true } = options;
  const promised = JSON.stringify({
    body: encodeBase64(body),
    integratedTime,
    logID: Buffer.from(log.id).toString("hex"),
    logIndex: before,
  });
  return {
    logIndex: String(before),
    logId: { keyId: encodeBase64(log.id) },
    kindVersion: { kind, version: kindVersion },
    ...integratedTime === 0 ? {} : { integratedTime: String(integratedTime) },
    ...promise
      ? {
        inclusionPromise: {
          signedEntryTimestamp: encodeBase64(log.key.sign(encodeText(promised))),
        },
      }
      : {},
    ...proof
      ? {
        inclusionProof: {
          logIndex: String(before),
          rootHash: encodeBase64(treeHash(leaves)),
          treeSize: String(leaves.length),
          hashes: inclusionPath(before, leaves).map(encodeBase64),
          checkpoint: { envelope: checkpointOf(log, leaves, witnesses) },
        },
      }
      : {},
    canonicalizedBody: encodeBase64(body),
  };
}
