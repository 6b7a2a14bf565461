import { MalformedError } from "../base/errors.ts";
import { pooled } from "../base/pool.ts";
import type { Digest } from "../reference/digest.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { RegistryError } from "../registry/registry_error.ts";
import type { Remote } from "../registry/remote.ts";
import { resolveDigest, type ResolvedManifest } from "../registry/resolve_digest.ts";
import { isFatal } from "../sign/is_fatal.ts";
import { ServiceError } from "../sign/service_error.ts";
import { signDigest } from "../sign/sign_digest.ts";
import { signRecursive } from "../sign/sign_recursive.ts";
import type { SignOptions, SignOutcomes } from "../sign/signing_job.ts";
import { TooManySignaturesError } from "../signature/read_legacy.ts";
import { type FleetImage, type InventoryItem, listImages } from "./inventory.ts";
import { shareWork } from "./shared_work.ts";

/** How to sign the tags of repositories. */
export interface SignTagsOptions extends Omit<SignOptions, "tags"> {
  /** Whether a tag is wanted; all are unless told. */
  readonly wanted?: (tag: string) => boolean;
  /** Sign of an index every image in it as well. */
  readonly recursive?: boolean | undefined;
  /** Images at a time. */
  readonly limit: number;
  /** Told of every tag that was found, before it is signed. */
  readonly onFound?: () => void;
}

/** What became of one tag, or of one file. */
export type SignedTag =
  | {
    readonly kind: "done";
    /** `registry/repository:tag`; of a file its path. */
    readonly image: string;
    readonly digest: Digest;
    readonly outcomes: SignOutcomes;
  }
  /** Deleted since it was listed. */
  | { readonly kind: "gone"; readonly image: string }
  | {
    readonly kind: "failed";
    readonly image: string;
    readonly digest?: Digest;
    readonly message: string;
  };

/** The message of an error that concerns one image only. */
function ownFailure(error: unknown): string {
  const own = error instanceof RegistryError || error instanceof MalformedError ||
    error instanceof TooManySignaturesError || error instanceof ServiceError;
  if (!own || isFatal(error)) throw error;
  return error.message;
}

/**
 * Sign every tag of repositories, as a stream of results. A digest is signed once however many tags
 * name it; a tag that cannot be signed does not stop the others.
 */
export async function* signTags(
  remote: Remote,
  repositories: Iterable<Repository>,
  { wanted, recursive, limit, onFound, ...options }: SignTagsOptions,
): AsyncGenerator<SignedTag, void, undefined> {
  const share = shareWork<SignOutcomes>();
  const { store = {} } = options;
  const sign = recursive === true ? signRecursive : signDigest;

  const signOne = async ({ name, reference, tags }: FleetImage): Promise<SignedTag> => {
    const { repository, tag } = reference;
    let resolved: ResolvedManifest | undefined;
    try {
      resolved = await resolveDigest(remote, repository, tag!);
      if (resolved === undefined) return { kind: "gone", image: name };
      const subject = resolved;
      const outcomes = await share(
        `${formatRepository(repository)}@${subject.digest}`,
        () => sign(remote, repository, subject, { ...options, tags }),
      );
      return { kind: "done", image: name, digest: subject.digest, outcomes };
    } catch (error) {
      const message = ownFailure(error);
      return {
        kind: "failed",
        image: name,
        message,
        ...(resolved === undefined ? {} : { digest: resolved.digest }),
      };
    }
  };
  const work = async (item: InventoryItem): Promise<SignedTag> => {
    switch (item.kind) {
      case "image":
        return await signOne(item.image);
      case "unreadable":
        return { kind: "failed", image: item.name, message: item.error.message };
      case "missing":
        return { kind: "failed", image: item.name, message: "there is no such repository" };
      case "invalid":
        return { kind: "failed", image: item.name, message: item.message };
      default:
        return item satisfies never;
    }
  };

  const found = async function* (): AsyncGenerator<InventoryItem> {
    const images = listImages(
      remote,
      Array.from(repositories).map((repository) => ({
        kind: "repository",
        given: formatRepository(repository),
        repository,
      })),
      { store, ...(wanted === undefined ? {} : { wanted }) },
    );
    for await (const item of images) {
      onFound?.();
      yield item;
    }
  };
  yield* pooled(found(), work, { limit });
}
