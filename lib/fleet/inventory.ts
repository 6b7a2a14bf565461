import { pooled } from "../base/pool.ts";
import { formatRepository, type Reference } from "../reference/reference.ts";
import { isAttachmentTag } from "../reference/triangulate.ts";
import { listTags } from "../registry/list_tags.ts";
import { RegistryError } from "../registry/registry_error.ts";
import type { Remote } from "../registry/remote.ts";
import { signatureRepository, type StoreOptions } from "../signature/store.ts";
import type { Target } from "./target.ts";

/** One image of a fleet. */
export interface FleetImage {
  /** As given, or `registry/repository:tag` where a repository was expanded. */
  readonly name: string;
  readonly reference: Reference;
  /** The tags of the repository that holds its signatures, if they were listed. */
  readonly tags?: ReadonlySet<string> | undefined;
}

/** What an inventory gives: images, and what could not be looked into. */
export type InventoryItem =
  | { readonly kind: "image"; readonly image: FleetImage }
  | { readonly kind: "unreadable"; readonly name: string; readonly error: RegistryError }
  | { readonly kind: "missing"; readonly name: string }
  | { readonly kind: "invalid"; readonly name: string; readonly message: string };

/** How to expand repositories. */
export interface InventoryOptions {
  /** Whether an image's tag is wanted; all are unless told. */
  readonly wanted?: (tag: string) => boolean;
  readonly store?: StoreOptions;
}

/** Repositories listed at once, ahead of what is worked on. */
const LISTINGS = 4;

/** Expand one target: a repository into its images, the tags of attachments left out. */
async function expand(
  remote: Remote,
  target: Target,
  { wanted = () => true, store = {} }: InventoryOptions,
): Promise<readonly InventoryItem[]> {
  if (target.kind === "image") {
    return [{ kind: "image", image: { name: target.given, reference: target.reference } }];
  }
  if (target.kind === "invalid") {
    return [{ kind: "invalid", name: target.given, message: target.message }];
  }
  const { repository } = target;
  const name = formatRepository(repository);
  try {
    const listed = await listTags(remote, repository);
    if (listed === undefined) return [{ kind: "missing", name }];
    // With signatures elsewhere this list says nothing about them.
    const isBeside = formatRepository(signatureRepository(repository, store)) === name;
    const tags = isBeside ? new Set(listed) : undefined;
    return listed
      .filter((tag) => !isAttachmentTag(tag, store.tagPrefix) && wanted(tag))
      .map((tag) => ({
        kind: "image",
        image: { name: `${name}:${tag}`, reference: { repository, tag }, tags },
      }));
  } catch (error) {
    if (error instanceof RegistryError) return [{ kind: "unreadable", name, error }];
    throw error;
  }
}

/** List the images that targets stand for, as a stream in their order. */
export async function* listImages(
  remote: Remote,
  targets: AsyncIterable<Target> | Iterable<Target>,
  options: InventoryOptions = {},
): AsyncGenerator<InventoryItem, void, undefined> {
  const expanded = pooled(targets, (target) => expand(remote, target, options), {
    limit: LISTINGS,
    window: LISTINGS,
  });
  for await (const items of expanded) yield* items;
}
