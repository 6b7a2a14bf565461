import { equalBytes } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import { type Checkpoint, parseCheckpoint } from "../signature/checkpoint.ts";
import { type InclusionProof, type LogEntry, promisedBytes } from "../signature/log_entry.ts";
import { checkCheckpoint } from "./check_checkpoint.ts";
import { checkInclusion } from "./check_inclusion.ts";
import type { Reason } from "./reason.ts";
import { isWithin, type TrustedLog } from "./trusted_root.ts";

/** An entry that a trusted log has, or has promised to have. */
export interface ProvenEntry {
  readonly log: TrustedLog;
  /** When it was logged, in milliseconds since 1970, where the log has signed that. */
  readonly time: number | undefined;
}

function invalid(message: string): Reason {
  return { code: "log-entry-invalid", message };
}

function readCheckpoint({ checkpoint }: InclusionProof): Checkpoint | Reason {
  try {
    return parseCheckpoint(checkpoint);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return invalid(error.message);
  }
}

async function checkProof(
  { body }: LogEntry,
  proof: InclusionProof,
  log: TrustedLog,
): Promise<Reason | undefined> {
  const checkpoint = readCheckpoint(proof);
  if ("code" in checkpoint) return checkpoint;
  if (!await checkCheckpoint(checkpoint, log)) {
    return invalid("the log's checkpoint is not signed by that log");
  }
  const { treeSize, rootHash } = checkpoint;
  // They stand there twice; Rekor writes the same.
  if (treeSize !== proof.treeSize || !equalBytes(rootHash, proof.rootHash)) {
    return invalid(
      "the proof that the entry is in the log is for another tree than its checkpoint",
    );
  }
  const { index, hashes } = proof;
  return checkInclusion({ leaf: body, index, hashes, treeSize, rootHash })
    ? undefined
    : invalid("the proof that the entry is in the log does not prove it");
}

async function checkIn(
  entry: LogEntry,
  log: TrustedLog,
  times: readonly number[],
): Promise<ProvenEntry | Reason> {
  const { promise, proof, integratedTime } = entry;
  if (promise === undefined && proof === undefined) {
    return invalid("nothing proves that the log has the entry");
  }
  const time = promise === undefined ? undefined : integratedTime * 1000;
  if (promise !== undefined && !await verifySignature(log.key, promisedBytes(entry), promise)) {
    return invalid("the log's promise (SET) is not signed by that log");
  }
  const unproven = proof && await checkProof(entry, proof, log);
  if (unproven !== undefined) return unproven;
  if ((time === undefined ? times : [time]).every((one) => isWithin(log.window, one))) {
    return { log, time };
  }
  return invalid("the log's key was not trusted when the entry was made");
}

/**
 * Check that a trusted log has an entry: its promise where there is one, and its proof where there is
 * one. What the entry says is not looked at.
 *
 * @param times when the signature was made as far as others prove it, or else now: the log's key must
 *   have been trusted then, unless its promise says when
 * @returns `undefined` where no trusted log is of that name: such an entry proves nothing
 */
export async function checkLogEntry(
  entry: LogEntry,
  logs: readonly TrustedLog[],
  times: readonly number[],
): Promise<ProvenEntry | Reason | undefined> {
  let outcome: ProvenEntry | Reason | undefined;
  for (const log of logs) {
    if (!log.ids.some((id) => equalBytes(id, entry.logId))) continue;
    outcome = await checkIn(entry, log, times);
    if (!("code" in outcome)) break;
  }
  return outcome;
}
