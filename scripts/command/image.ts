import { formatReference, type Reference } from "../../lib/reference/reference.ts";
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
