import type { SignedTag } from "../fleet/sign_tags.ts";
import type { SignOutcomes } from "../sign/signing_job.ts";
import { SIGNATURE_FORMATS, type SignatureFormat } from "../signature/signature_format.ts";
import { type TagOutcome, tagOutcome } from "./sign_outcome.ts";

/** The formats in the order in which reports name them, whatever order they were asked for in. */
export const REPORTED_FORMATS: readonly SignatureFormat[] = SIGNATURE_FORMATS.toSorted();

/** One tag, as the JSON reports show it: the shape is that of sign_report.schema.json. */
export interface SignRecord {
  readonly image: string;
  /** Null when it is not known. */
  readonly digest: string | null;
  readonly outcome: TagOutcome;
  /** What became of each format that was asked for; empty if the tag is gone or failed. */
  readonly formats: SignOutcomes;
  /** Present exactly when the outcome is `failed`. */
  readonly message?: string;
}

function formatsRecord(outcomes: SignOutcomes): SignOutcomes {
  return Object.fromEntries(REPORTED_FORMATS.flatMap((format) => {
    const outcome = outcomes[format];
    return outcome === undefined ? [] : [[format, outcome]];
  }));
}

/** The JSON record of one tag. Members are picked one by one: the schema admits no others. */
export function signRecord(tag: SignedTag): SignRecord {
  return {
    image: tag.image,
    digest: "digest" in tag ? tag.digest : null,
    outcome: tagOutcome(tag),
    formats: tag.kind === "done" ? formatsRecord(tag.outcomes) : {},
    ...(tag.kind === "failed" ? { message: tag.message } : {}),
  };
}
