import type { Repository } from "../reference/reference.ts";
import { fetchManifest } from "../registry/fetch_manifest.ts";
import type { Remote } from "../registry/remote.ts";
import type { ResolvedManifest } from "../registry/resolve_digest.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { locateSignatures } from "../signature/store.ts";
import { signBundle } from "./sign_bundle.ts";
import { signLegacy } from "./sign_legacy.ts";
import { toSigner } from "./key_signer.ts";
import type { SigningJob, SignOptions, SignOutcome, SignOutcomes } from "./signing_job.ts";

/** A subject's descriptor must be whole; some registries leave out its size or type on HEAD. */
export async function completeSubject(
  remote: Remote,
  image: Repository,
  subject: ResolvedManifest,
): Promise<ResolvedManifest> {
  if (subject.size > 0 && subject.mediaType !== "") return subject;
  const manifest = await fetchManifest(remote, image, subject.digest);
  if (manifest === undefined) return subject;
  return { ...subject, mediaType: manifest.mediaType, size: manifest.bytes.length };
}

/**
 * Sign one image. What this key has validly signed already, with the same annotations, is not signed
 * again; the signatures of others stay. Who signs without a key signs anew each time.
 *
 * @throws {RegistryError} if the registry could not be read or written
 * @throws {MalformedError} if what lies where the signature belongs is something else
 * @throws {TooManySignaturesError}
 * @throws as {@link ContentSigner.sign}
 */
export async function signDigest(
  remote: Remote,
  image: Repository,
  resolved: ResolvedManifest,
  options: SignOptions,
): Promise<SignOutcomes> {
  const subject = await completeSubject(remote, image, resolved);
  const store = locateSignatures(image, subject.digest, options.store ?? {});
  const signer = toSigner(options.key);
  const job: SigningJob = { remote, image, subject, store, signer, options };
  const outcomes: Partial<Record<SignatureFormat, SignOutcome>> = {};
  for (const format of options.formats) {
    outcomes[format] = await (format === "legacy" ? signLegacy : signBundle)(job);
  }
  return outcomes;
}
