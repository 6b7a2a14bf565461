/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  return sorted.length % 2 === 1 ? upper : (sorted[sorted.length / 2 - 1]! + upper) / 2;
}

/** How one series compares with another measured beside it: the ratio of each pair. */
export function pairRatios(left: readonly number[], right: readonly number[]): readonly number[] {
  return left.map((value, index) => value / right[index]!);
}
