import type { FleetResult } from "../fleet/fleet_result.ts";
import type { SignatureResult, Verdict, VerdictKind } from "../verify/verdict.ts";
import { drawTable, type TableKind, type TableOptions } from "./draw_table.ts";
import { countOf } from "./number_text.ts";
import { missingChecks } from "./record.ts";
import type { ReportSink, ReportWriter, RunStart } from "./report.ts";
import { type Summary, summaryText } from "./summary.ts";
import type { TableState } from "./table_row.ts";

// Symbols with a text presentation, one column wide in every terminal's font.
const STATES: Readonly<Record<VerdictKind, TableState>> = {
  verified: { symbol: "✔", word: "verified", tone: "green" },
  failed: { symbol: "✘", word: "failed", tone: "red" },
  unsigned: { symbol: "○", word: "unsigned", tone: "yellow" },
  unknown: { symbol: "?", word: "unknown", tone: "magenta" },
};

function signatureText({ format, signer, alsoBy = [] }: SignatureResult): string {
  if (signer === undefined) return format;
  return `${format} by ${[signer, ...alsoBy].map(({ name }) => name).join(", ")}`;
}

/** Who signed, all in one line: where several must have, each of them is news. */
function signersText(signatures: readonly SignatureResult[]): string {
  const texts = signatures.filter(({ verified }) => verified).map(signatureText);
  return [...new Set(texts)].join(", ");
}

/** Why an image got its verdict: everything there is to say, the first first. */
function whyTexts(verdict: Verdict): readonly string[] {
  switch (verdict.kind) {
    case "verified":
      return [signersText(verdict.signatures)];
    case "unknown": {
      const { request, status, attempts, message } = verdict.evidence;
      return [`${status ?? message} after ${countOf(attempts, "attempt")}: ${request}`];
    }
    case "failed":
    case "unsigned": {
      const own = verdict.reasons;
      const reasons = own.length > 0 ? own : verdict.signatures.flatMap(({ reasons }) => reasons);
      return reasons.map(({ message }) => message);
    }
    default:
      return verdict satisfies never;
  }
}

/** What a table of verdicts shows; it notes what was not checked of any that is verified. */
export function verdictTable(): TableKind<FleetResult, Summary> {
  const missing = new Set<string>();
  return {
    titles: { item: "IMAGE", state: "VERDICT", detail: "WHY" },
    states: Object.values(STATES),
    item({ image, verdict }) {
      for (const { verified, checks } of verdict.signatures) {
        if (verdict.kind !== "verified" || !verified) continue;
        for (const check of missingChecks(checks)) missing.add(check);
      }
      return {
        image,
        digest: verdict.digest,
        state: STATES[verdict.kind],
        details: whyTexts(verdict),
      };
    },
    notes: () => [...missing].map((check) => `${check.replace("-", " ")}: not checked`),
    summaryText,
  };
}

/** Write the table of a verification: each image with its verdict and why. */
export function writeTable(
  start: RunStart,
  sink: ReportSink,
  options: TableOptions = {},
): ReportWriter {
  return drawTable(verdictTable(), start, sink, options);
}
