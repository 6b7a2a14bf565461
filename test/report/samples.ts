import { encodeText } from "../../lib/base/bytes.ts";
import type { FleetResult } from "../../lib/fleet/fleet_result.ts";
import { type Digest, digestOf, isDigest } from "../../lib/reference/digest.ts";
import { openReport, type ReportFormat } from "../../lib/report/open_report.ts";
import type { ReportSink, ReportWriter, RunEnd, RunStart } from "../../lib/report/report.ts";
import { countVerdict, noVerdicts } from "../../lib/report/summary.ts";
import type { TableOptions } from "../../lib/report/draw_table.ts";
import type { SignatureFormat } from "../../lib/signature/signature_format.ts";
import type { Reason, ReasonCode } from "../../lib/verify/reason.ts";
import type { SignatureResult } from "../../lib/verify/verdict.ts";

export const START: RunStart = {
  tool: { name: "sigfleet", version: "0.1.0", runtime: "node 24.21.0" },
  startedAt: new Date("2026-11-23T01:00:00.000Z"),
};

/** The digest that a name ends in, or one made of it. */
function digest(name: string): Digest {
  const named = name.slice(name.indexOf("@") + 1);
  return isDigest(named) ? named : digestOf(encodeText(name));
}

const because = (code: ReasonCode, message: string): Reason => ({ code, message });

function good(format: SignatureFormat): SignatureResult {
  return {
    format,
    verified: true,
    signer: { kind: "key", name: "cosign.pub", fingerprint: "5c".repeat(32) },
    checks: ["signature", "claims"],
    reasons: [],
    signed: encodeText("not for reports"),
  };
}

function bad(format: SignatureFormat, reason: Reason): SignatureResult {
  return { format, verified: false, checks: [], reasons: [reason] };
}

export function verified(image: string, ...formats: SignatureFormat[]): FleetResult {
  return {
    image,
    verdict: {
      kind: "verified",
      digest: digest(image),
      signatures: formats.map(good),
      reasons: [],
    },
  };
}

export function failed(image: string, ...messages: string[]): FleetResult {
  const reasons = messages.map((message) => because("signature-mismatch", message));
  const signatures = reasons.map((reason) => bad("bundle", reason));
  return { image, verdict: { kind: "failed", digest: digest(image), signatures, reasons } };
}

export function missing(image: string): FleetResult {
  const reasons = [because("image-not-found", "the registry has no such tag")];
  return { image, verdict: { kind: "failed", signatures: [], reasons } };
}

export function unsigned(image: string): FleetResult {
  const reasons = [because("no-signature", "neither a signature tag nor a bundle")];
  return { image, verdict: { kind: "unsigned", digest: digest(image), signatures: [], reasons } };
}

export function unknown(image: string, status?: number): FleetResult {
  return {
    image,
    verdict: {
      kind: "unknown",
      signatures: [],
      reasons: [because("registry-unavailable", "the registry did not answer")],
      evidence: {
        request: "GET https://registry.example/v2/team/web/manifests/1",
        ...(status === undefined ? {} : { status }),
        attempts: 4,
        message: "connection refused",
      },
    },
  };
}

/** One of each kind, and names of each shape. */
export const RESULTS: readonly FleetResult[] = [
  verified("registry.example/team/api:v1.4.0", "bundle"),
  verified("registry.example/team/api:v1.4.1", "bundle", "legacy"),
  failed("registry.example/team/api:v1.5.0", "no trusted key made it", "second", "third"),
  unsigned("registry.example/team/api:latest"),
  verified("nginx", "legacy"),
  unsigned(`quay.io/prometheus/node-exporter@${digest("node-exporter")}`),
  verified("ghcr.io/acme/a/very/deep/tree/of/teams/and/projects/worker:2026.11.23-4711", "bundle"),
  unknown("localhost:5000/team/web:1", 503),
  unknown("localhost:5000/team/web:2"),
  missing("localhost:5000/team/web:3"),
  failed("evil.example/x\u001b[2J\u202e:1", 'annotation "env" is "\u001b[31mprod\u0007"'),
];

/** When the samples' runs ended. */
export const FINISHED_AT: Date = new Date(START.startedAt.getTime() + 1234);

/** The end of a run that had these results. */
export function endOf(results: readonly FleetResult[]): RunEnd {
  const counts = noVerdicts();
  for (const { verdict } of results) countVerdict(counts, verdict.kind);
  return { finishedAt: FINISHED_AT, summary: { ...counts, requests: 27, retries: 3 } };
}

/** A report's text, and the pieces in which it was written. */
export interface Written {
  readonly text: string;
  readonly writes: readonly string[];
}

/** Write a whole report of any kind. */
export async function written<Result, Totals>(
  open: (sink: ReportSink) => ReportWriter<Result, Totals>,
  results: readonly Result[],
  end: RunEnd<Totals>,
): Promise<Written> {
  const writes: string[] = [];
  const writer = open({ write: (text) => void writes.push(text) });
  for (const result of results) await writer.add(result);
  await writer.close(end);
  return { text: writes.join(""), writes };
}

/** A whole report of a verification. */
export function report(
  format: ReportFormat,
  results: readonly FleetResult[],
  options: TableOptions = {},
): Promise<Written> {
  const open = (sink: ReportSink) => openReport(format, START, sink, options);
  return written(open, results, endOf(results));
}
