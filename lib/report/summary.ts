import { VERDICT_KINDS, type VerdictKind } from "../verify/verdict.ts";
import { countOf, countText, durationText } from "./number_text.ts";

/** How many images there were, and how many of each verdict. */
export type VerdictCounts = { images: number } & Record<VerdictKind, number>;

/** What a run cost the registries. */
export interface Traffic {
  /** Requests sent to registries, retries among them. */
  readonly requests: number;
  readonly retries: number;
}

/** What a run came to. */
export interface Summary extends Readonly<VerdictCounts>, Traffic {}

/** Counts at the start of a run. */
export function noVerdicts(): VerdictCounts {
  return { images: 0, verified: 0, failed: 0, unsigned: 0, unknown: 0 };
}

/** Count one more image. */
export function countVerdict(counts: VerdictCounts, kind: VerdictKind): void {
  counts.images++;
  counts[kind]++;
}

/**
 * How a fleet task ends: 0 if every image is verified, 1 if the policy is not met by some, 3 if it
 * could not be told of some.
 */
export function exitCode(summary: Summary): 0 | 1 | 3 {
  // A failure wins over an unknown: it is known, and no further run cures it. Callers may run again
  // on 3, and must not put off an alarm by doing so.
  if (summary.failed + summary.unsigned > 0) return 1;
  return summary.verified === summary.images ? 0 : 3;
}

/** What a run cost, as the end of its summary. The ratio stands behind the requests. */
export function costText(
  { requests, retries }: Traffic,
  milliseconds: number,
  ratio = "",
): string {
  return [
    `${countOf(requests, "request")}${ratio}, ${countOf(retries, "retry", "retries")}`,
    durationText(milliseconds),
  ].join(" · ");
}

/** How many there were, and of each verdict: those that nobody got too. */
export function verdictsText(counts: Readonly<VerdictCounts>, noun = "image"): string {
  const verdicts = VERDICT_KINDS.map((kind) => `${countText(counts[kind])} ${kind}`);
  return `${countOf(counts.images, noun)}: ${verdicts.join(", ")}`;
}

/**
 * A run in one line. Every verdict is named, those that nobody got too: that there is no unknown
 * is news.
 */
export function summaryText(summary: Summary, milliseconds: number): string {
  const { images, requests } = summary;
  const ratio = images === 0 ? "" : ` (${(requests / images).toFixed(1)} an image)`;
  const cost = costText(summary, milliseconds, ratio);
  return `${verdictsText(summary)} · ${cost}`;
}
