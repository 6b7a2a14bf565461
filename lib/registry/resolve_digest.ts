import { type Digest, isDigest } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import { fetchManifest } from "./fetch_manifest.ts";
import { ACCEPT_MANIFESTS } from "./manifest.ts";
import type { Remote } from "./remote.ts";

/** A manifest that exists. */
export interface ResolvedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** In bytes; 0 where the registry does not say. */
  readonly size: number;
}

/**
 * Ask which manifest a tag names now, or whether a digest exists, without fetching it; `undefined`
 * where the registry says that there is none.
 *
 * @throws {RegistryError}
 */
export async function resolveDigest(
  remote: Remote,
  repository: Repository,
  reference: string,
): Promise<ResolvedManifest | undefined> {
  const { status, headers } = await remote.request({
    method: "HEAD",
    repository,
    target: `/v2/${repository.path}/manifests/${reference}`,
    headers: { accept: ACCEPT_MANIFESTS },
    expect: [200, 404],
  });
  const digest = isDigest(reference) ? reference : headers["docker-content-digest"] ?? "";
  if (status === 200 && isDigest(digest)) {
    return {
      digest,
      mediaType: headers["content-type"] ?? "",
      size: Number(headers["content-length"] ?? 0),
    };
  }
  // A registry that does not name the digest, or a 404, which carries no error document on HEAD.
  const manifest = await fetchManifest(remote, repository, reference);
  if (manifest === undefined) return undefined;
  return { digest: manifest.digest, mediaType: manifest.mediaType, size: manifest.bytes.length };
}
