import { concatBytes, equalBytes } from "../base/bytes.ts";
import { sha256 } from "../base/hash.ts";

/** RFC 9162 §2.1.1: leaves and nodes are hashed with different beginnings. */
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concatBytes([NODE, left, right]));
}

/** What is checked to be in a tree. */
export interface Inclusion {
  readonly leaf: Uint8Array;
  readonly index: bigint;
  readonly hashes: readonly Uint8Array[];
  readonly treeSize: bigint;
  readonly rootHash: Uint8Array;
}

/** Whether a leaf is in a tree at just this place (RFC 9162 §2.1.3.2). */
export function checkInclusion(
  { leaf, index, hashes, treeSize, rootHash }: Inclusion,
): boolean {
  if (index >= treeSize || hashes.some(({ length }) => length !== 32)) return false;
  let node = index;
  let last = treeSize - 1n;
  let root = sha256(concatBytes([LEAF, leaf]));
  for (const hash of hashes) {
    if (last === 0n) return false;
    if ((node & 1n) === 1n || node === last) {
      root = hashNode(hash, root);
      // Of a tree that is not full, levels without a sibling are passed over.
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      root = hashNode(root, hash);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equalBytes(root, rootHash);
}
