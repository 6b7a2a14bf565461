import { encodeText } from "../base/bytes.ts";
import { type GoJson, stringifyAsGo } from "../base/go_json.ts";
import { digestOf } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import { buildImageConfig } from "./image_config.ts";
import { type Descriptor, MEDIA_TYPES, type Platform } from "./manifest.ts";
import { putBlob } from "./put_blob.ts";
import { type BlobStream, putBlobStream } from "./put_blob_stream.ts";
import { putManifest } from "./put_manifest.ts";
import type { Remote } from "./remote.ts";

/** What is the same for all files of one upload. */
export interface UploadOptions {
  /** Annotations of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Leave out what cosign 1.3 did not write, so that digests of that time come out again. */
  readonly compat13?: boolean;
  /** Media type of the config, which says what the file is for; an image's unless told. */
  readonly configMediaType?: string;
}

/** A file as a layer, and what it is for where several make one index. */
export interface UploadedFile {
  readonly descriptor: Descriptor;
  readonly platform?: Platform;
}

/** The annotations as a Go map is written, and not at all where there are none. */
function annotationsOf({ annotations }: UploadOptions): Readonly<Record<string, GoJson>> {
  const entries = Object.entries(annotations);
  return entries.length === 0 ? {} : { annotations: new Map(entries) };
}

function typeOf(mediaType: string, { compat13 }: UploadOptions): Readonly<Record<string, GoJson>> {
  return compat13 === true ? {} : { mediaType };
}

function link({ mediaType, size, digest }: Descriptor): GoJson {
  return { mediaType, size, digest };
}

/**
 * Store a file as an image of one layer, byte for byte as `cosign upload blob` does
 * (cosign pkg/oci/static/file.go).
 *
 * @param tag names it; without one it is stored under its digest
 * @throws {RegistryError}
 */
export async function uploadFile(
  remote: Remote,
  repository: Repository,
  file: BlobStream & { readonly mediaType: string },
  tag: string | undefined,
  options: UploadOptions,
): Promise<Descriptor> {
  await putBlobStream(remote, repository, file);
  // As cosign has it, only the config of an image lists its layers.
  const config = buildImageConfig(options.configMediaType === undefined ? [file] : []);
  const mediaType = MEDIA_TYPES.ociManifest;
  const bytes = encodeText(stringifyAsGo({
    schemaVersion: 2,
    ...typeOf(mediaType, options),
    config: link({
      mediaType: options.configMediaType ?? MEDIA_TYPES.ociConfig,
      size: config.length,
      digest: await putBlob(remote, repository, config),
    }),
    layers: [link(file)],
    ...annotationsOf(options),
  }));
  await putManifest(remote, repository, {
    bytes,
    mediaType,
    ...(tag === undefined ? {} : { tag }),
  });
  return { mediaType, size: bytes.length, digest: digestOf(bytes) };
}

/** Store an index over uploaded files, one for each platform, as `cosign upload blob` does. */
export async function uploadIndex(
  remote: Remote,
  repository: Repository,
  files: readonly Required<UploadedFile>[],
  tag: string,
  options: UploadOptions,
): Promise<Descriptor> {
  const mediaType = MEDIA_TYPES.ociIndex;
  const bytes = encodeText(stringifyAsGo({
    schemaVersion: 2,
    ...typeOf(mediaType, options),
    manifests: files.map(({ descriptor, platform: { os, architecture, variant } }) => ({
      mediaType: descriptor.mediaType,
      size: descriptor.size,
      digest: descriptor.digest,
      platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
      ...(options.compat13 === true ? {} : { artifactType: MEDIA_TYPES.ociConfig }),
    })),
    ...annotationsOf(options),
  }));
  await putManifest(remote, repository, { bytes, mediaType, tag });
  return { mediaType, size: bytes.length, digest: digestOf(bytes) };
}
