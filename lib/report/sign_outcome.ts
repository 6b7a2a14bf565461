import { UsageError } from "../base/errors.ts";
import type { SignedTag } from "../fleet/sign_tags.ts";
import type { SignOutcomes } from "../sign/signing_job.ts";

/** What became of a tag, over all formats. */
export const TAG_OUTCOMES = ["signed", "already-signed", "to-sign", "gone", "failed"] as const;

/** One of them. */
export type TagOutcome = typeof TAG_OUTCOMES[number];

function outcomeOf(outcomes: SignOutcomes): TagOutcome {
  const all = Object.values(outcomes);
  // Else a tag for which nothing was done would pass for one that was signed before.
  if (all.length === 0) throw new UsageError("Cannot report a tag: no format was asked for");
  return (["signed", "to-sign"] as const).find((one) => all.includes(one)) ?? "already-signed";
}

/**
 * Sum a tag up: it is signed (or would be) if it is so in any format, and already signed only if it
 * was so in all.
 *
 * @throws {UsageError} if it was to be signed in no format
 */
export function tagOutcome(tag: SignedTag): TagOutcome {
  return tag.kind === "done" ? outcomeOf(tag.outcomes) : tag.kind;
}
