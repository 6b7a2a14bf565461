import type { SignedTag } from "../fleet/sign_tags.ts";
import type { Digest } from "../reference/digest.ts";
import { countOf, countText } from "./number_text.ts";
import { type TagOutcome, tagOutcome } from "./sign_outcome.ts";
import { costText, type Traffic } from "./summary.ts";

/** How many tags there were, and of each outcome. */
export interface SignCounts {
  readonly tags: number;
  /** Different digests among them. */
  readonly digests: number;
  readonly signed: number;
  readonly alreadySigned: number;
  /** Those that a dry run would sign. */
  readonly toSign: number;
  /** Deleted since they were listed. */
  readonly gone: number;
  readonly failed: number;
}

/** What a run of signing came to. */
export interface SignSummary extends SignCounts, Traffic {}

/** Counts of a run under way. */
export interface SignCounter {
  /** Count one more tag. */
  add(tag: SignedTag): void;
  /** The counts by now. */
  counts(): SignCounts;
}

/** Begin to count. Of every digest that was seen, its text is kept; of the tags nothing is. */
export function countTags(): SignCounter {
  const digests = new Set<Digest>();
  const counts: Record<TagOutcome, number> = {
    "signed": 0,
    "already-signed": 0,
    "to-sign": 0,
    "gone": 0,
    "failed": 0,
  };
  let tags = 0;
  return {
    add(tag) {
      counts[tagOutcome(tag)]++;
      tags++;
      if ("digest" in tag) digests.add(tag.digest);
    },
    counts: () => ({
      tags,
      digests: digests.size,
      signed: counts.signed,
      alreadySigned: counts["already-signed"],
      toSign: counts["to-sign"],
      gone: counts.gone,
      failed: counts.failed,
    }),
  };
}

/**
 * How signing ends: 0 if all was done, or would be by a dry run, and 3 if some tags could not be
 * signed. A tag that is gone needs no signature.
 */
export function signExitCode(summary: SignCounts): 0 | 3 {
  const { tags, signed, alreadySigned, toSign, gone } = summary;
  return signed + alreadySigned + toSign + gone === tags ? 0 : 3;
}

/**
 * How many there were, and of each outcome. Failures are named even if there are none: that is news.
 * Only a dry run has tags to sign, and it signs none.
 */
export function outcomesText(counts: SignCounts, noun = "tag"): string {
  const { tags, digests, signed, alreadySigned, toSign, gone, failed } = counts;
  const outcomes = [
    toSign > 0 ? `would sign ${countText(toSign)}` : `${countText(signed)} signed`,
    `${countText(alreadySigned)} already signed`,
    ...(gone > 0 ? [`${countText(gone)} gone`] : []),
    `${countText(failed)} failed`,
  ].join(", ");
  return `${countOf(tags, noun)}, ${countOf(digests, "digest")}: ${outcomes}`;
}

/** A run in one line. */
export function signSummaryText(summary: SignSummary, milliseconds: number): string {
  return `${outcomesText(summary)} · ${costText(summary, milliseconds)}`;
}
