import { FileError, type Files } from "../base/files.ts";
import { KeyError } from "../keys/key_error.ts";
import type { PrivateKey } from "../keys/private_key.ts";
import type { Digest } from "../reference/digest.ts";
import { signBlob } from "../sign/sign_blob.ts";
import type { SignOutcome } from "../sign/signing_job.ts";
import { type BlobContent, readBlobContent } from "../signature/blob_content.ts";
import { verifyBlob } from "../verify/verify_blob.ts";
import { BUNDLE_SUFFIX } from "./bundle_suffix.ts";
import { type FilePlace, readPlace } from "./locate_file.ts";
import { readBundleBeside } from "./read_bundle_beside.ts";

/** How to sign a file. */
export interface SignFileOptions {
  readonly key: PrivateKey;
  /** Replace a bundle that is there and does not verify with the key. */
  readonly force?: boolean | undefined;
  /** Read only, and say what would be signed. */
  readonly dryRun?: boolean | undefined;
}

/** What became of a file. */
export type SignedFile =
  | { readonly kind: "done"; readonly digest: Digest; readonly outcome: SignOutcome }
  /** Deleted since it was listed. */
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly digest?: Digest; readonly message: string };

/** What is beside a file: a bundle, one that cannot be read and why, or nothing. */
type OldBundle = Uint8Array | FileError | undefined;

async function readOld(files: Files, place: FilePlace): Promise<OldBundle> {
  try {
    return await readBundleBeside(files, place);
  } catch (error) {
    // It is in the way as one by another key is.
    if (error instanceof FileError) return error;
    throw error;
  }
}

/** Why a bundle is none by our key over this file; `undefined` where it is one. */
async function faultOf(
  old: Uint8Array | FileError,
  content: BlobContent,
  { publicKey }: PrivateKey,
): Promise<string | undefined> {
  if (old instanceof FileError) return old.message;
  const policy = { keys: [{ name: "the key", key: publicKey }], annotations: {} };
  const { kind, reasons } = await verifyBlob(content, { kind: "bundle", bytes: old }, policy);
  return kind === "verified" ? undefined : reasons[0]?.message ?? kind;
}

async function writeSigned(
  files: Files,
  place: FilePlace,
  key: PrivateKey,
): Promise<SignedFile> {
  const { digest, bundle } = await readPlace(files, place, (pieces) => signBlob(key, pieces));
  try {
    await files.write(`${place.path}${BUNDLE_SUFFIX}`, bundle);
    return { kind: "done", digest, outcome: "signed" };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { kind: "failed", digest, message: `its bundle cannot be written: ${error.message}` };
  }
}

async function sign(
  files: Files,
  place: FilePlace,
  { key, force = false, dryRun = false }: SignFileOptions,
): Promise<SignedFile> {
  const old = await readOld(files, place);
  // Read twice only where an old bundle is replaced.
  if (old !== undefined || dryRun) {
    const content = await readPlace(
      files,
      place,
      (pieces) => readBlobContent(pieces, [key.algorithm]),
    );
    const { digest } = content;
    if (old !== undefined) {
      const fault = await faultOf(old, content, key);
      if (fault === undefined) return { kind: "done", digest, outcome: "already-signed" };
      if (!force) {
        const message = `the bundle that is there is replaced only by force: ${fault}`;
        return { kind: "failed", digest, message };
      }
    }
    if (dryRun) return { kind: "done", digest, outcome: "to-sign" };
  }
  return await writeSigned(files, place, key);
}

/**
 * Sign a file with a bundle beside it, as `sign-blob` does. One by the same key that verifies stays as
 * it is; any other is replaced only if told so.
 */
export async function signFile(
  files: Files,
  place: FilePlace,
  options: SignFileOptions,
): Promise<SignedFile> {
  try {
    return await sign(files, place, options);
  } catch (error) {
    if (error instanceof FileError && error.failure === "missing") return { kind: "gone" };
    if (error instanceof FileError || error instanceof KeyError) {
      return { kind: "failed", message: error.message };
    }
    throw error;
  }
}
