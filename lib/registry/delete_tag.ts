import { decodeText, encodeText } from "../base/bytes.ts";
import type { Repository } from "../reference/reference.ts";
import { assertDeletes, deleteManifest, requestDeletion } from "./delete_manifest.ts";
import type { FetchedManifest } from "./fetch_manifest.ts";
import { MEDIA_TYPES } from "./manifest.ts";
import { type ManifestToPut, putManifest } from "./put_manifest.ts";
import type { Remote } from "./remote.ts";

/** What a tag names, emptied, and such as no other tag names: a list without entries, or layers. */
function placeholder(tag: string, { bytes, mediaType }: FetchedManifest): ManifestToPut {
  const { config, manifests, ...rest } = JSON.parse(decodeText(bytes)) as {
    readonly mediaType?: string;
    readonly config?: unknown;
    readonly manifests?: unknown;
  };
  const type = manifests === undefined ? rest.mediaType ?? mediaType : MEDIA_TYPES.ociIndex;
  return {
    bytes: encodeText(JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      ...(manifests === undefined ? { config, layers: [] } : { manifests: [] }),
      annotations: { "dev.sigfleet.deleted-tag": tag },
    })),
    mediaType: type,
    tag,
  };
}

/**
 * Delete a tag. What it names stays, for the registry's garbage collection, and for other tags of it.
 * A request for it that failed is repeated only where `repeatIf` allows it.
 *
 * · distribution 2 deletes by digest only, and then all tags that name the manifest. So the tag is let
 * name a manifest of its own first.
 *
 * @throws {RegistryError} also where the registry does not delete: then the tag is left as it is
 */
export async function deleteTag(
  remote: Remote,
  repository: Repository,
  tag: string,
  current: FetchedManifest,
  repeatIf: () => Promise<boolean>,
): Promise<void> {
  const { status } = await requestDeletion(remote, repository, tag, repeatIf);
  if (status !== 400 && status !== 405) return;
  await assertDeletes(remote, repository);
  const { digest } = await putManifest(remote, repository, {
    ...placeholder(tag, current),
    repeatIf,
  });
  await deleteManifest(remote, repository, digest);
}
