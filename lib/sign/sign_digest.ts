import type { Clock } from "../base/clock.ts";
import type { PrivateKey } from "../keys/private_key.ts";
import type { Repository } from "../reference/reference.ts";
import { fetchManifest } from "../registry/fetch_manifest.ts";
import type { Remote } from "../registry/remote.ts";
import type { ResolvedManifest } from "../registry/resolve_digest.ts";
import type { Annotations } from "../signature/claim.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { locateSignatures, type SignatureStore, type StoreOptions } from "../signature/store.ts";
import { signBundle } from "./sign_bundle.ts";
import { signLegacy } from "./sign_legacy.ts";

/** How to sign. */
export interface SignOptions {
  readonly key: PrivateKey;
  readonly annotations: Annotations;
  readonly formats: readonly SignatureFormat[];
  readonly store?: StoreOptions;
  /** The tags of the signatures' repository where they were listed: what is not there is not asked for. */
  readonly tags?: ReadonlySet<string> | undefined;
  /** The docker-reference of legacy payloads; the image's repository unless told. */
  readonly dockerReference?: string | undefined;
  /** Write legacy manifests in Docker's media types (COSIGN_DOCKER_MEDIA_TYPES). */
  readonly dockerMediaTypes?: boolean | undefined;
  /** Read only, and say what would be signed. */
  readonly dryRun?: boolean | undefined;
  readonly clock: Clock;
  /** A number from 0 up to 1, for the waits among several writers. */
  readonly random: () => number;
}

/** What became of one signature. */
export type SignOutcome = "signed" | "already-signed" | "to-sign";

/** One image to sign, and all that is needed for it. */
export interface SigningJob {
  readonly remote: Remote;
  readonly image: Repository;
  readonly subject: ResolvedManifest;
  readonly store: SignatureStore;
  readonly options: SignOptions;
}

/** What became of an image in each format that was asked for. */
export type SignOutcomes = Readonly<Partial<Record<SignatureFormat, SignOutcome>>>;

/** A subject's descriptor must be whole; some registries leave out its size or type on HEAD. */
async function complete(
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
 * again; the signatures of others stay.
 *
 * @throws {RegistryError} if the registry could not be read or written
 * @throws {MalformedError} if what lies where the signature belongs is something else
 * @throws {TooManySignaturesError}
 */
export async function signDigest(
  remote: Remote,
  image: Repository,
  resolved: ResolvedManifest,
  options: SignOptions,
): Promise<SignOutcomes> {
  const subject = await complete(remote, image, resolved);
  const store = locateSignatures(image, subject.digest, options.store ?? {});
  const job: SigningJob = { remote, image, subject, store, options };
  const outcomes: Partial<Record<SignatureFormat, SignOutcome>> = {};
  for (const format of options.formats) {
    outcomes[format] = await (format === "legacy" ? signLegacy : signBundle)(job);
  }
  return outcomes;
}
