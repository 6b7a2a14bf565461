import { decodeText, encodeText } from "../base/bytes.ts";
import { digestOf } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import type { FetchedManifest } from "../registry/fetch_manifest.ts";
import { type Descriptor, MEDIA_TYPES } from "../registry/manifest.ts";
import { putBlob } from "../registry/put_blob.ts";
import type { Remote } from "../registry/remote.ts";
import type { NextManifest } from "../registry/update_tag.ts";

/** What a legacy manifest is built on. */
export interface LayersBase {
  /** Field by field, as it stands. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly mediaType: string;
  readonly layers: readonly Descriptor[];
}

/** Build on the manifest that is stored. Call only where its layers could be read. */
export function baseOn({ bytes, mediaType: header }: FetchedManifest): LayersBase {
  const document = JSON.parse(decodeText(bytes)) as Record<string, unknown>;
  const mediaType = document["mediaType"] ?? header;
  return {
    document,
    mediaType: mediaType === MEDIA_TYPES.dockerManifest ? mediaType : MEDIA_TYPES.ociManifest,
    layers: document["layers"] as Descriptor[],
  };
}

/** Build on nothing. */
export function newBase(dockerMediaTypes: boolean): LayersBase {
  const mediaType = dockerMediaTypes ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
  return {
    document: { schemaVersion: 2, mediaType, config: {}, layers: [] },
    mediaType,
    layers: [],
  };
}

/**
 * Make a legacy manifest with these layers, all else in it as it was, and store its config (cosign
 * specs/SIGNATURE_SPEC.md).
 *
 * @throws {RegistryError}
 */
export async function storeLayers(
  remote: Remote,
  repository: Repository,
  { document, mediaType }: LayersBase,
  layers: readonly Descriptor[],
  config: Uint8Array,
): Promise<NextManifest> {
  const configType = mediaType === MEDIA_TYPES.dockerManifest
    ? MEDIA_TYPES.dockerConfig
    : MEDIA_TYPES.ociConfig;
  await putBlob(remote, repository, config);
  return {
    bytes: encodeText(JSON.stringify({
      ...document,
      config: { mediaType: configType, size: config.length, digest: digestOf(config) },
      layers,
    })),
    mediaType,
  };
}
