import type { Digest } from "../../lib/reference/digest.ts";
import { formatReference, type Reference, type Repository } from "../../lib/reference/reference.ts";
import { listChildren } from "../../lib/registry/list_children.ts";
import { formatPlatform } from "../../lib/registry/manifest.ts";
import type { Remote } from "../../lib/registry/remote.ts";
import { resolveDigest, type ResolvedManifest } from "../../lib/registry/resolve_digest.ts";

/**
 * Find the manifest that a task works on.
 *
 * @throws {Error} if the registry says that there is none
 */
export async function findImage(
  remote: Remote,
  reference: Reference,
  verb: string,
): Promise<ResolvedManifest> {
  const { repository, digest, tag } = reference;
  const found = await resolveDigest(remote, repository, digest ?? tag ?? "latest");
  if (found !== undefined) return found;
  throw new Error(`Cannot ${verb} ${formatReference(reference)}: the registry says there is none`);
}

/**
 * Find the image for a platform in an index. Without a variant any will do, as with cosign.
 *
 * @throws {Error} if there is none
 */
export async function findChild(
  remote: Remote,
  repository: Repository,
  digest: Digest,
  wanted: string,
): Promise<Digest> {
  const children = await listChildren(remote, repository, digest);
  if (children.length === 0) throw new Error("specified reference is not a multiarch image");
  const child = children.find(({ platform }) => {
    const name = platform === undefined ? "" : formatPlatform(platform);
    return name === wanted || name.startsWith(`${wanted}/`);
  });
  if (child === undefined) throw new Error(`unable to find an entity for ${wanted}`);
  return child.digest;
}
