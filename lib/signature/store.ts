import { MAX_ATTACHMENT_BYTES } from "../base/limits.ts";
import type { Digest } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import { attachmentTag, referrersTag } from "../reference/triangulate.ts";

/** Settings of where signatures are kept, and of what is read there. */
export interface StoreOptions {
  /** One repository for the signatures of all images (COSIGN_REPOSITORY); beside the image if absent. */
  readonly repository?: Repository | undefined;
  /** The repository for the signatures of an image's; where there is none, `repository` counts. */
  readonly repositoryFor?: ((image: Repository) => Repository | undefined) | undefined;
  /** What the tags of signatures begin with (`--attachment-tag-prefix`). */
  readonly tagPrefix?: string | undefined;
  /** The largest payload, bundle or attestation that is fetched, in bytes; 128 MiB unless told. */
  readonly maxAttachmentBytes?: number | undefined;
}

/** Where the signatures of one image lie. */
export interface SignatureStore {
  readonly repository: Repository;
  /** The tag of the legacy signatures' manifest. */
  readonly signatureTag: string;
  /** The tag of the legacy attestations' manifest. */
  readonly attestationTag: string;
  /** The tag of the index that lists referrers where the registry has no API for it. */
  readonly referrersTag: string;
  /** The largest payload, bundle or attestation that is fetched, in bytes. */
  readonly maxAttachmentBytes: number;
}

/** The repository that holds the signatures of an image. */
export function signatureRepository(
  image: Repository,
  { repository, repositoryFor }: StoreOptions,
): Repository {
  return repositoryFor?.(image) ?? repository ?? image;
}

/** Tell where the signatures of an image lie. */
export function locateSignatures(
  image: Repository,
  digest: Digest,
  store: StoreOptions,
): SignatureStore {
  const { tagPrefix = "", maxAttachmentBytes = MAX_ATTACHMENT_BYTES } = store;
  return {
    repository: signatureRepository(image, store),
    signatureTag: attachmentTag(digest, "sig", tagPrefix),
    attestationTag: attachmentTag(digest, "att", tagPrefix),
    referrersTag: referrersTag(digest),
    maxAttachmentBytes,
  };
}
