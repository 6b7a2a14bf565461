import type { Clock } from "../base/clock.ts";
import { encodeText } from "../base/bytes.ts";
import { type Digest, digestOf } from "../reference/digest.ts";
import { buildImageConfig } from "../registry/image_config.ts";
import { MEDIA_TYPES } from "../registry/manifest.ts";
import { putBlob } from "../registry/put_blob.ts";
import { putReferrer } from "../registry/put_referrer.ts";
import type { Remote } from "../registry/remote.ts";
import type { ResolvedManifest } from "../registry/resolve_digest.ts";
import { legacyLayer, type NewSignature } from "./attach_legacy.ts";
import { LEGACY_ARTIFACT_TYPE } from "./read_legacy.ts";
import type { SignatureStore } from "./store.ts";

/** A legacy signature to store as a referrer of its image. */
export interface LegacyReferrer extends NewSignature {
  readonly payload: Uint8Array;
  readonly subject: ResolvedManifest;
  readonly dockerMediaTypes?: boolean | undefined;
  readonly created?: Date | undefined;
  readonly knownNoFallbackTag?: boolean | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Store a legacy signature as a referrer of its image, with fields and their order as cosign 3 writes
 * them (`--registry-referrers-mode oci-1-1`, pkg/oci/remote/write.go). Each is a referrer of its own,
 * and cosign reads but one of them.
 *
 * @returns the digest of the referrer's manifest
 * @throws {RegistryError}
 * @throws {MalformedError} if what the fallback tag names is no index: it is left as it is
 */
export async function attachLegacyReferrer(
  remote: Remote,
  { repository }: SignatureStore,
  { payload, signature, annotations, subject, dockerMediaTypes, created, ...settings }:
    LegacyReferrer,
): Promise<Digest> {
  const layer = legacyLayer(payload, signature, annotations);
  const config = buildImageConfig([layer], created);
  const mediaType = dockerMediaTypes === true
    ? MEDIA_TYPES.dockerManifest
    : MEDIA_TYPES.ociManifest;
  const { mediaType: subjectType, size, digest } = subject;
  const bytes = encodeText(JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { mediaType: LEGACY_ARTIFACT_TYPE, size: config.length, digest: digestOf(config) },
    layers: [layer],
    subject: { mediaType: subjectType, size, digest },
    artifactType: LEGACY_ARTIFACT_TYPE,
  }));
  await putBlob(remote, repository, payload);
  await putBlob(remote, repository, config);
  return await putReferrer(remote, repository, { bytes, mediaType, subject: digest, ...settings });
}
