import { equalBytes } from "../base/bytes.ts";
import type { LogEntry } from "../signature/log_entry.ts";
import type { Material } from "../signature/material.ts";
import { checkEntryBody, type EntrySigner } from "./check_entry_body.ts";
import { checkLogEntry } from "./check_log_entry.ts";
import { checkTimestamp } from "./check_timestamp.ts";
import type { Reason } from "./reason.ts";
import { type SignedContent, stampedBytes } from "./signed_content.ts";
import type { TrustPolicy } from "./trust_policy.ts";
import type { Check } from "./verdict.ts";

/** What logs and timestamp authorities prove of a signature. */
export interface ProvenTimes {
  /** When it was made or logged, in milliseconds since 1970; none may be proven. */
  readonly times: readonly number[];
  readonly checks: readonly Check[];
  /** What proved it. */
  readonly entries: readonly LogEntry[];
  readonly timestamps: readonly Uint8Array[];
}

function isSameEntry(a: LogEntry, b: LogEntry): boolean {
  return equalBytes(a.logId, b.logId) && equalBytes(a.body, b.body);
}

/** Nothing may count twice. */
function hasTwins<Item>(items: readonly Item[], same: (a: Item, b: Item) => boolean): boolean {
  return items.some((item, index) => items.slice(0, index).some((other) => same(item, other)));
}

function missing(
  code: "log-entry-missing" | "timestamp-missing",
  what: readonly [none: string, unknown: string],
  expected: number,
  found: { readonly proven: number; readonly there: number },
): Reason {
  return {
    code,
    message: found.there === 0 ? what[0] : what[1],
    expected: String(expected),
    found: String(found.proven),
  };
}

async function proveTimestamps(
  content: SignedContent,
  { timestamps }: Material,
  { root, timestampThreshold = 0 }: TrustPolicy,
): Promise<Pick<ProvenTimes, "times" | "timestamps"> | Reason> {
  if (hasTwins(timestamps, equalBytes)) {
    return { code: "timestamp-invalid", message: "the same timestamp is there twice" };
  }
  const times: number[] = [];
  const proven: Uint8Array[] = [];
  const authorities = new Set<unknown>();
  for (const timestamp of timestamps) {
    const outcome = await checkTimestamp(
      timestamp,
      stampedBytes(content),
      root.timestampAuthorities,
    );
    if (outcome === undefined) continue;
    if ("code" in outcome) return outcome;
    times.push(outcome.time);
    proven.push(timestamp);
    authorities.add(outcome.authority);
  }
  if (authorities.size >= timestampThreshold) return { times, timestamps: proven };
  return missing(
    "timestamp-missing",
    ["there is no timestamp", "the timestamps are of authorities that the trusted root lacks"],
    timestampThreshold,
    { proven: authorities.size, there: timestamps.length },
  );
}

async function proveEntries(
  content: SignedContent,
  signer: EntrySigner,
  { entries }: Material,
  { root, logThreshold = 1 }: TrustPolicy,
  timesOrNow: readonly number[],
): Promise<Pick<ProvenTimes, "times" | "entries"> | Reason> {
  if (logThreshold === 0) return { times: [], entries: [] };
  if (hasTwins(entries, isSameEntry)) {
    return { code: "log-entry-invalid", message: "the same entry of a log is there twice" };
  }
  const times: number[] = [];
  const proven: LogEntry[] = [];
  const logs = new Set<unknown>();
  for (const entry of entries) {
    const outcome = await checkLogEntry(entry, root.logs, timesOrNow);
    if (outcome === undefined) continue;
    if ("code" in outcome) return outcome;
    const other = checkEntryBody(entry, content, signer);
    if (other !== undefined) return other;
    if (outcome.time !== undefined) times.push(outcome.time);
    proven.push(entry);
    logs.add(outcome.log);
  }
  if (logs.size >= logThreshold) return { times, entries: proven };
  return missing(
    "log-entry-missing",
    [
      "there is no entry of a transparency log",
      "the entry is of a transparency log that the trusted root lacks",
    ],
    logThreshold,
    { proven: logs.size, there: entries.length },
  );
}

/**
 * Prove when a signature was made, by timestamps and by the logs that promised to have it. What is of
 * logs and authorities that are not known is passed over; what is of known ones must be right.
 */
export async function proveTimes(
  content: SignedContent,
  signer: EntrySigner,
  material: Material,
  trust: TrustPolicy,
): Promise<ProvenTimes | Reason> {
  const stamped = await proveTimestamps(content, material, trust);
  if ("code" in stamped) return stamped;
  const { times, timestamps } = stamped;
  const timesOrNow = times.length === 0 ? [trust.now()] : times;
  const logged = await proveEntries(content, signer, material, trust, timesOrNow);
  if ("code" in logged) return logged;
  const checks: Check[] = [];
  if (timestamps.length > 0) checks.push("timestamp");
  if (logged.entries.length > 0) checks.push("transparency-log");
  return { times: [...times, ...logged.times], timestamps, entries: logged.entries, checks };
}
