import type { LogEntry } from "../signature/verification_material.ts";
import type { Budget } from "./budget.ts";
import { logWithRekorV1 } from "./rekor_v1.ts";
import { logWithRekorV2 } from "./rekor_v2.ts";
import type { Services } from "./services.ts";
import type { SignatureToLog } from "./signature_to_log.ts";
import { requestTimestamp } from "./timestamp_authority.ts";

/** A transparency log. */
export interface LogService {
  readonly url: string;
  /** The major version of its API. */
  readonly version: 1 | 2;
}

/** Who witnesses signatures. */
export interface Witnesses {
  readonly services: Services;
  readonly logs: readonly LogService[];
  /** Whole addresses, with path. */
  readonly timestampAuthorities: readonly string[];
  /** What is asked of each log; waited for before a signature is made. */
  readonly logBudget: Budget;
}

/** What the witnesses said of one signature. */
export interface Testimony {
  readonly logEntries: readonly LogEntry[];
  readonly timestamps: readonly Uint8Array[];
  /** The moments that they vouch for, in milliseconds since 1970. */
  readonly times: readonly number[];
}

/**
 * Have a signature witnessed by all of them, authorities first: a log's entry cannot be taken back, and
 * so is asked for when nothing else can fail.
 *
 * @throws {ServiceError} if one of them could not be used
 * @throws {MalformedError}
 */
export async function witness(
  { services, logs, timestampAuthorities }: Witnesses,
  signature: SignatureToLog,
): Promise<Testimony> {
  const timestamps: Uint8Array[] = [];
  const times: number[] = [];
  for (const url of timestampAuthorities) {
    const { response, time } = await requestTimestamp(services, url, signature.signature);
    services.counters.timestamps++;
    timestamps.push(response);
    times.push(time);
  }
  const logEntries: LogEntry[] = [];
  for (const { url, version } of logs) {
    const log = version === 1 ? logWithRekorV1 : logWithRekorV2;
    const entry = await log(services, url, signature);
    services.counters.logEntries++;
    logEntries.push(entry);
    if (entry.integratedTime !== undefined) times.push(Number(entry.integratedTime) * 1000);
  }
  return { logEntries, timestamps, times };
}
