import type { Files } from "../base/files.ts";
import { pooled } from "../base/pool.ts";
import type { Reason } from "../verify/reason.ts";
import type { SignaturePolicy } from "../verify/signature_policy.ts";
import type { Verdict } from "../verify/verdict.ts";
import { policyAlgorithms } from "../verify/verify_blob.ts";
import { filesAtOnce } from "./files_at_once.ts";
import type { FleetResult } from "./fleet_result.ts";
import type { FileItem } from "./list_files.ts";
import type { FileLock } from "./read_lock.ts";
import { verdictOfFailure, verifyFile } from "./verify_file.ts";

/** How to verify files. */
export interface VerifyFilesOptions {
  readonly policy: SignaturePolicy;
  /** The files that must be there, just these, and just as they were; any will do unless told. */
  readonly lock?: Omit<FileLock, "verdict"> | undefined;
  /** Files at a time. */
  readonly limit: number;
  /** Told of every file that was found, before it is verified. */
  readonly onFound?: () => void;
}

/** What a lock file has against a file. */
function faultOf(
  path: string,
  digest: string | undefined,
  { digests }: Pick<FileLock, "digests">,
): Reason | undefined {
  const expected = digests.get(path);
  if (expected === undefined) {
    return { code: "file-extra", message: "the lock file has no such file" };
  }
  if (digest === undefined || digest === expected) return undefined;
  const message = "the file is not the one in the lock file";
  return { code: "file-changed", message, expected, found: digest };
}

/** What is known against a file counts before what its signature says, or does not. */
function failFor(fault: Reason, { digest, signatures, reasons }: Verdict): Verdict {
  return {
    kind: "failed",
    ...(digest === undefined ? {} : { digest }),
    signatures,
    reasons: [fault, ...reasons],
  };
}

/**
 * Verify files by the bundle beside each, as a stream of results in the order of the files; those of
 * the lock file that are not among them come last. Every file gets its own result.
 */
export async function* verifyFiles(
  files: Files,
  items: AsyncIterable<FileItem> | Iterable<FileItem>,
  { policy, lock, limit, onFound }: VerifyFilesOptions,
): AsyncGenerator<FleetResult, void, undefined> {
  const verdictOf = async (item: FileItem): Promise<Verdict> => {
    if (item.kind === "trouble") return verdictOfFailure(item.name, item.error);
    const verdict = await verifyFile(files, item, item.name, policy);
    const fault = lock === undefined ? undefined : faultOf(item.path, verdict.digest, lock);
    return fault === undefined ? verdict : failFor(fault, verdict);
  };
  const found = async function* (): AsyncGenerator<FileItem> {
    // The lock file has its own verdict, and is in the folder as a rule.
    const seen = new Set(lock === undefined ? [] : [lock.path]);
    for await (const item of items) {
      if (item.kind === "file") {
        if (item.path === lock?.path) continue;
        if (lock?.digests.has(item.path) === true) seen.add(item.path);
      }
      onFound?.();
      yield item;
    }
    for (const item of lock?.items ?? []) {
      if (item.kind === "file" && seen.has(item.path)) continue;
      onFound?.();
      yield item;
    }
  };
  const atOnce = filesAtOnce(policyAlgorithms(policy), limit);
  yield* pooled(
    found(),
    async (item) => ({ image: item.name, verdict: await verdictOf(item) }),
    { limit: atOnce },
  );
}
