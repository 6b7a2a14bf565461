import { createHash } from "node:crypto";
import type { SignatureHash } from "./algorithm.ts";

/** Digests of one message. */
export type MessageDigests = Readonly<Partial<Record<SignatureHash, Uint8Array>>>;

/** Digests of a message that comes piece by piece. */
export interface RunningDigests {
  update(piece: Uint8Array): void;
  /** Nothing can be added any more. */
  digests(): MessageDigests;
}

/** Begin to hash a message that need not be in memory as a whole. */
export function startDigests(names: Iterable<SignatureHash>): RunningDigests {
  const running = [...new Set(names)].map((name) => [name, createHash(name)] as const);
  return {
    update(piece) {
      for (const [, hash] of running) hash.update(piece);
    },
    digests: () =>
      Object.fromEntries(running.map(([name, hash]) => [name, new Uint8Array(hash.digest())])),
  };
}

/** The digest of a message that is in memory. */
export function digestMessage(hash: SignatureHash, message: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(hash).update(message).digest());
}
