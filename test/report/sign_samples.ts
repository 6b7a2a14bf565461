import { encodeText } from "../../lib/base/bytes.ts";
import type { SignedTag } from "../../lib/fleet/sign_tags.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import type { TableOptions } from "../../lib/report/draw_table.ts";
import type { ReportFormat } from "../../lib/report/open_report.ts";
import type { ReportSink } from "../../lib/report/report.ts";
import { openSignReport, type SignRunEnd } from "../../lib/report/sign_report.ts";
import { countTags } from "../../lib/report/sign_summary.ts";
import type { SignOutcomes } from "../../lib/sign/signing_job.ts";
import { FINISHED_AT, START, type Written, written } from "./samples.ts";

/** A tag of `content`: tags of the same content have the same digest. */
export function done(image: string, outcomes: SignOutcomes, content: string = image): SignedTag {
  return { kind: "done", image, digest: digestOf(encodeText(content)), outcomes };
}

export function gone(image: string): SignedTag {
  return { kind: "gone", image };
}

/** A tag that failed, before its digest was known or after. */
export function failed(image: string, message: string, content?: string): SignedTag {
  const digest = content === undefined ? {} : { digest: digestOf(encodeText(content)) };
  return { kind: "failed", image, message, ...digest };
}

/** One of each kind, and two tags of one digest. */
export const TAGS: readonly SignedTag[] = [
  done("registry.example/team/api:v1.4.0", { legacy: "signed", bundle: "signed" }),
  done("registry.example/team/api:v1.4.1", { bundle: "signed", legacy: "already-signed" }, "api"),
  done("registry.example/team/api:latest", { bundle: "signed", legacy: "already-signed" }, "api"),
  done("registry.example/team/api:v1.3.0", {
    legacy: "already-signed",
    bundle: "already-signed",
  }),
  gone("registry.example/team/api:nightly"),
  done("localhost:5000/team/web:1", { legacy: "already-signed" }),
  failed("localhost:5000/team/web:2", "503 after 4 attempts", "web"),
  failed("evil.example/x\u001b[2J\u202e:1", "Cannot read \u001b[31mit\u0007: no"),
];

/** What a dry run finds. */
export const DRY_TAGS: readonly SignedTag[] = [
  done("registry.example/team/api:v1.4.0", { legacy: "to-sign", bundle: "to-sign" }),
  done("registry.example/team/api:v1.4.1", { legacy: "already-signed", bundle: "to-sign" }),
  done("registry.example/team/api:v1.3.0", { legacy: "already-signed" }),
];

/** The end of a run that had these tags. */
export function signEnd(tags: readonly SignedTag[]): SignRunEnd {
  const counter = countTags();
  for (const tag of tags) counter.add(tag);
  const summary = { ...counter.counts(), requests: 63, retries: 0 };
  return { finishedAt: FINISHED_AT, summary };
}

/** A whole report of signing. */
export function signReport(
  format: ReportFormat,
  tags: readonly SignedTag[],
  options: TableOptions = {},
): Promise<Written> {
  const open = (sink: ReportSink) => openSignReport(format, START, sink, options);
  return written(open, tags, signEnd(tags));
}
