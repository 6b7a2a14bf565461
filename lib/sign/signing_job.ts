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
  readonly signer: ContentSigner;
  readonly options: SignOptions;
}

/** What became of an image in each format that was asked for. */
export type SignOutcomes = Readonly<Partial<Record<SignatureFormat, SignOutcome>>>;
