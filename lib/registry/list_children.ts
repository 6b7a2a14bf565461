import { MAX_CHILDREN } from "../base/limits.ts";
import type { Digest } from "../reference/digest.ts";
import { formatReference, type Repository } from "../reference/reference.ts";
import { fetchManifest } from "./fetch_manifest.ts";
import { type Descriptor, isIndexType, parseChildren } from "./manifest.ts";
import { RegistryError } from "./registry_error.ts";
import type { Remote } from "./remote.ts";

/** The manifests that one index holds; it must be there. */
async function readIndex(
  remote: Remote,
  repository: Repository,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  const manifest = await fetchManifest(remote, repository, digest);
  if (manifest !== undefined) return parseChildren(manifest.bytes);
  throw new RegistryError("the registry says that there is none", {
    failure: "not-found",
    request: `read ${formatReference({ repository, digest })}`,
    attempts: 1,
  });
}

/**
 * List the manifests that an index holds, those of indexes inside it too, each once and in order;
 * none if `digest` is no index.
 *
 * @throws {RegistryError} also if an index inside does not exist
 * @throws {MalformedError}
 */
export async function listChildren(
  remote: Remote,
  repository: Repository,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  const children = new Map<Digest, Descriptor>();
  const indexes: Digest[] = [digest];
  for (let index = indexes.shift(); index !== undefined; index = indexes.shift()) {
    for (const child of await readIndex(remote, repository, index)) {
      if (children.has(child.digest) || child.digest === digest) continue;
      children.set(child.digest, child);
      if (children.size > MAX_CHILDREN) {
        throw new RegistryError(`it holds more than ${MAX_CHILDREN} manifests`, {
          failure: "invalid-answer",
          request: `read index ${digest}`,
          attempts: 1,
        });
      }
      if (isIndexType(child.mediaType)) indexes.push(child.digest);
    }
  }
  return [...children.values()];
}
