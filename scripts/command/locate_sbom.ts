import type { Reference } from "../../lib/reference/reference.ts";
import { attachmentTag } from "../../lib/reference/triangulate.ts";
import type { Remote } from "../../lib/registry/remote.ts";
import { resolveDigest } from "../../lib/registry/resolve_digest.ts";
import { signatureRepository, type StoreOptions } from "../../lib/signature/store.ts";

/**
 * The SBOM that `cosign attach sbom` stored beside an image (cosign's `--attachment sbom`), or the image
 * itself where its tag does not exist, so that this is said of it.
 *
 * @throws {RegistryError}
 */
export async function locateSbom(
  remote: Remote,
  reference: Reference,
  store: StoreOptions,
): Promise<Reference> {
  const { repository, tag = "latest" } = reference;
  const digest = reference.digest ?? (await resolveDigest(remote, repository, tag))?.digest;
  if (digest === undefined) return reference;
  return {
    repository: signatureRepository(repository, store),
    tag: attachmentTag(digest, "sbom", store.tagPrefix),
  };
}
