import * as v from "valibot";
import { parseJson } from "../base/json.ts";
import { type Digest, isDigest } from "../reference/digest.ts";

/** Media types of the manifests that registries hold. */
export const MEDIA_TYPES = {
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociEmpty: "application/vnd.oci.empty.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerSchema1: "application/vnd.docker.distribution.manifest.v1+prettyjws",
} as const;

/** What we accept as an image: sent whenever a manifest is asked for. */
export const ACCEPT_MANIFESTS: string = [
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.dockerManifest,
  MEDIA_TYPES.dockerIndex,
  MEDIA_TYPES.dockerSchema1,
  "*/*",
].join(", ");

/** What an image runs on (OCI image spec 1.1, "Image Index"). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** A pointer to content (OCI image spec 1.1, "Content Descriptors"). */
export interface Descriptor {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: Digest;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
}

/** What is read of an image manifest (OCI image spec 1.1, "Image Manifest"). */
export interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What is read of an index (OCI image spec 1.1, "Image Index"). */
export interface Index {
  readonly manifests: readonly Descriptor[];
}

const AnnotationsSchema = v.record(v.string(), v.string());

const PlatformSchema = v.object({
  os: v.string(),
  architecture: v.string(),
  variant: v.exactOptional(v.string()),
});

const DescriptorSchema = v.object({
  mediaType: v.string(),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  digest: v.custom<Digest>(
    (value) => typeof value === "string" && isDigest(value),
    "want a sha256 digest",
  ),
  artifactType: v.exactOptional(v.string()),
  annotations: v.exactOptional(AnnotationsSchema),
  platform: v.exactOptional(PlatformSchema),
});

const ManifestSchema = v.object({
  config: DescriptorSchema,
  layers: v.array(DescriptorSchema),
  artifactType: v.exactOptional(v.string()),
  annotations: v.exactOptional(AnnotationsSchema),
});

const IndexSchema = v.object({ manifests: v.array(v.unknown()) });

/** Whether a media type is that of an index over other manifests. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociIndex || mediaType === MEDIA_TYPES.dockerIndex;
}

/** A platform as it is typed: `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/**
 * Read an image manifest.
 *
 * @throws {MalformedError}
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  return parseJson("image manifest", bytes, ManifestSchema);
}

/**
 * Read an index. Entries that are no descriptor with a sha256 digest are left out: one that we cannot
 * fetch must not hide the others.
 *
 * @throws {MalformedError}
 */
export function parseIndex(bytes: Uint8Array): Index {
  const { manifests } = parseJson("index", bytes, IndexSchema);
  return { manifests: manifests.filter((entry) => v.is(DescriptorSchema, entry)) as Descriptor[] };
}

const AnyManifestSchema = v.object({ manifests: v.exactOptional(v.array(DescriptorSchema)) });

/**
 * Read the manifests that an index holds; none of a manifest that is no index. Here every entry must
 * be one that can be fetched: who asks for all children must not be given fewer.
 *
 * @throws {MalformedError}
 */
export function parseChildren(bytes: Uint8Array): readonly Descriptor[] {
  return parseJson("manifest", bytes, AnyManifestSchema).manifests ?? [];
}

/** What a manifest of any kind points at, and what a list of referrers says of it. */
export interface Contents {
  /** Config and layers, without those that are kept elsewhere. */
  readonly blobs: readonly Descriptor[];
  readonly layers: readonly Descriptor[];
  /** An index's manifests. */
  readonly children: readonly Descriptor[];
  readonly subject?: Digest;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const BlobSchema = v.object({
  ...DescriptorSchema.entries,
  urls: v.exactOptional(v.nullable(v.array(v.string()))),
});

const ContentsSchema = v.object({
  config: v.exactOptional(BlobSchema),
  layers: v.exactOptional(v.array(BlobSchema)),
  manifests: v.exactOptional(v.array(DescriptorSchema)),
  subject: v.exactOptional(v.nullable(DescriptorSchema)),
  artifactType: v.exactOptional(v.string()),
  annotations: v.exactOptional(v.nullable(AnnotationsSchema)),
});

/**
 * Read what an image manifest or an index points at. Everything must be such that it can be fetched.
 *
 * @throws {MalformedError}
 */
export function parseContents(bytes: Uint8Array): Contents {
  const { config, layers = [], manifests = [], subject, artifactType, annotations } = parseJson(
    "manifest",
    bytes,
    ContentsSchema,
  );
  // The config's type stands in for a missing artifactType (spec 1.1, "Listing Referrers").
  const type = artifactType ?? config?.mediaType;
  return {
    blobs: [...config === undefined ? [] : [config], ...layers]
      .filter(({ urls }) => (urls ?? []).length === 0),
    layers,
    children: manifests,
    ...(subject === undefined || subject === null ? {} : { subject: subject.digest }),
    ...(type === undefined ? {} : { artifactType: type }),
    ...(annotations === undefined || annotations === null ? {} : { annotations }),
  };
}
