import { FileError, type Files } from "../base/files.ts";
import { type BlobContent, readBlobContent } from "../signature/blob_content.ts";
import type { Reason } from "../verify/reason.ts";
import type { SignaturePolicy } from "../verify/signature_policy.ts";
import type { Verdict } from "../verify/verdict.ts";
import { policyAlgorithms, verifyBlob } from "../verify/verify_blob.ts";
import { type FilePlace, readPlace } from "./locate_file.ts";
import { readBundleBeside } from "./read_bundle_beside.ts";

/** The verdict about a file that could not be read. */
export function verdictOfFailure(name: string, { failure, message }: FileError): Verdict {
  const refuse = (code: Reason["code"]): Verdict => ({
    kind: "failed",
    signatures: [],
    reasons: [{ code, message }],
  });
  if (failure === "missing") return refuse("file-missing");
  if (failure === "outside") return refuse("outside-folder");
  return {
    kind: "unknown",
    signatures: [],
    reasons: [{ code: "file-unreadable", message }],
    evidence: { request: `read ${name}`, attempts: 1, message },
  };
}

/** The verdict about a file whose bundle is there and could not be read. */
function verdictOfBundle({ digest }: BlobContent, name: string, error: FileError): Verdict {
  const message = `its bundle: ${error.message}`;
  if (error.failure === "too-large") {
    const reasons = [{ code: "attachment-too-large", message }] as const;
    const signature = { format: "bundle", verified: false, checks: [], reasons } as const;
    return { kind: "failed", digest, signatures: [signature], reasons };
  }
  return {
    ...verdictOfFailure(`the bundle of ${name}`, new FileError(error.failure, message)),
    digest,
  };
}

/**
 * Verify what was read of a file by the bundle beside it.
 *
 * @param name what the file is called in the evidence
 */
export async function verifyContent(
  files: Files,
  place: FilePlace,
  name: string,
  content: BlobContent,
  policy: SignaturePolicy,
): Promise<Verdict> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readBundleBeside(files, place);
  } catch (error) {
    if (error instanceof FileError) return verdictOfBundle(content, name, error);
    throw error;
  }
  if (bytes !== undefined) return await verifyBlob(content, { kind: "bundle", bytes }, policy);
  const reasons = [{ code: "no-signature", message: "there is no bundle beside it" }] as const;
  return { kind: "unsigned", digest: content.digest, signatures: [], reasons };
}

/**
 * Verify a file by the bundle beside it. That there is none is told only of a file that was read, and
 * so of a folder that can be.
 *
 * @param name what the file is called in the evidence
 */
export async function verifyFile(
  files: Files,
  place: FilePlace,
  name: string,
  policy: SignaturePolicy,
): Promise<Verdict> {
  const algorithms = policyAlgorithms(policy);
  let content: BlobContent;
  try {
    content = await readPlace(files, place, (pieces) => readBlobContent(pieces, algorithms));
  } catch (error) {
    if (error instanceof FileError) return verdictOfFailure(name, error);
    throw error;
  }
  return await verifyContent(files, place, name, content, policy);
}
