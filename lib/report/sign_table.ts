import type { SignedTag } from "../fleet/sign_tags.ts";
import type { SignOutcomes } from "../sign/signing_job.ts";
import { drawTable, type TableKind, type TableOptions } from "./draw_table.ts";
import type { ReportSink, ReportWriter, RunStart } from "./report.ts";
import { type TagOutcome, tagOutcome } from "./sign_outcome.ts";
import { REPORTED_FORMATS } from "./sign_record.ts";
import { type SignSummary, signSummaryText } from "./sign_summary.ts";
import type { TableState } from "./table_row.ts";

// Symbols with a text presentation, one column wide in every terminal's font.
const STATES: Readonly<Record<TagOutcome, TableState>> = {
  "signed": { symbol: "✔", word: "signed", tone: "green" },
  "already-signed": { symbol: "•", word: "already signed", tone: "faint" },
  "to-sign": { symbol: "→", word: "to sign", tone: "cyan" },
  "gone": { symbol: "–", word: "gone", tone: "faint" },
  "failed": { symbol: "✘", word: "failed", tone: "red" },
};

/** The formats in which the tag's outcome came about; behind them those that were there before. */
function formatsText(outcomes: SignOutcomes, outcome: TagOutcome): string {
  const asked = REPORTED_FORMATS.filter((format) => outcomes[format] !== undefined);
  const main = asked.filter((format) => outcomes[format] === outcome).join(" + ");
  const others = asked.filter((format) => outcomes[format] !== outcome).join(" + ");
  return others === "" ? main : `${main} (${others} already signed)`;
}

function detailText(tag: SignedTag): string {
  switch (tag.kind) {
    case "done":
      return formatsText(tag.outcomes, tagOutcome(tag));
    case "gone":
      return "deleted since it was listed";
    case "failed":
      return tag.message;
    default:
      return tag satisfies never;
  }
}

/** The table of a run of signing: each tag with what became of it. */
export const OUTCOMES: TableKind<SignedTag, SignSummary> = {
  titles: { item: "IMAGE", state: "OUTCOME", detail: "DETAIL" },
  states: Object.values(STATES),
  item: (tag) => ({
    image: tag.image,
    digest: "digest" in tag ? tag.digest : undefined,
    state: STATES[tagOutcome(tag)],
    details: [detailText(tag)],
  }),
  summaryText: signSummaryText,
};

/** Write the table of a run of signing: each tag with what became of it. */
export function writeSignTable(
  start: RunStart,
  sink: ReportSink,
  options: TableOptions = {},
): ReportWriter<SignedTag, SignSummary> {
  return drawTable(OUTCOMES, start, sink, options);
}
