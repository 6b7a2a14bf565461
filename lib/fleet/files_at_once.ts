import type { KeyAlgorithm } from "../keys/algorithm.ts";

/** Ed25519 needs files whole in memory, each up to 128 MiB. */
const HELD_AT_ONCE = 2;

/** How many files to work on at once, of as many as are asked for: memory is bounded. */
export function filesAtOnce(
  algorithms: readonly KeyAlgorithm[],
  limit: number,
): number {
  return algorithms.includes("ed25519") ? Math.min(limit, HELD_AT_ONCE) : limit;
}
