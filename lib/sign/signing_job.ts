import type { Clock } from "../base/clock.ts";
import type { PrivateKey } from "../keys/private_key.ts";
import type { Repository } from "../reference/reference.ts";
import type { Remote } from "../registry/remote.ts";
import type { ResolvedManifest } from "../registry/resolve_digest.ts";
import type { Annotations } from "../signature/claim.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import type { SignatureStore, StoreOptions } from "../signature/store.ts";
import type { ContentSigner } from "./signer.ts";

/** How to sign. */
export interface SignOptions {
  /** A key, or a signer: a key whose signatures are witnessed, or somebody without a key. */
  readonly key: PrivateKey | ContentSigner;
  readonly annotations: Annotations;
  readonly formats: readonly SignatureFormat[];
  readonly store?: StoreOptions;
  /** The tags of the signatures' repository where they were listed: what is not there is not asked for. */
  readonly tags?: ReadonlySet<string> | undefined;
  /**
   * The docker-reference of legacy payloads, or several, for each of which a payload is signed; the
   * image's repository unless told.
   */
  readonly dockerReference?: string | readonly string[] | undefined;
  /** What a legacy signature is over, in place of cosign's claim about the image. */
  readonly payload?: Uint8Array | undefined;
  /** Store legacy signatures as referrers (cosign's `--registry-referrers-mode oci-1-1`). */
  readonly legacyReferrers?: boolean | undefined;
  /** When legacy manifests say that they were made (`--record-creation-timestamp`); not unless told. */
  readonly created?: Date | undefined;
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

/** What became of several together: what was done counts more than what was there already. */
export function joinOutcomes(outcomes: readonly SignOutcome[]): SignOutcome {
  return outcomes.find((outcome) => outcome !== "already-signed") ?? "already-signed";
}

/** One image to sign, and all that is needed for it. */
export interface SigningJob {
  readonly remote: Remote;
  readonly image: Repository;
  readonly subject: ResolvedManifest;
  readonly store: SignatureStore;
  readonly signer: ContentSigner;
  readonly options: SignOptions;
}

/** What became of an image in each format that was asked for. */
export type SignOutcomes = Readonly<Partial<Record<SignatureFormat, SignOutcome>>>;
