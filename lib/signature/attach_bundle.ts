import type { Clock } from "../base/clock.ts";
import { encodeText } from "../base/bytes.ts";
import { type Digest, digestOf } from "../reference/digest.ts";
import { MEDIA_TYPES } from "../registry/manifest.ts";
import { putBlob } from "../registry/put_blob.ts";
import { putReferrer } from "../registry/put_referrer.ts";
import type { Remote } from "../registry/remote.ts";
import type { ResolvedManifest } from "../registry/resolve_digest.ts";
import { BUNDLE_MEDIA_TYPE, PREDICATE_TYPE_ANNOTATION } from "./bundle.ts";
import { CREATED_ANNOTATION } from "./created.ts";
import type { SignatureStore } from "./store.ts";

/** A bundle to store as a referrer of an image. */
export interface BundleAttachment {
  readonly bundle: Uint8Array;
  /** What the statement in it says of the image. */
  readonly predicateType: string;
  /** The image that it is about. */
  readonly subject: ResolvedManifest;
  /** Whether the fallback tag is known to be absent. */
  readonly knownNoFallbackTag?: boolean | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

const EMPTY_CONFIG = encodeText("{}");

/** The referrer's manifest, with fields and their order as cosign 3 writes them. */
function buildReferrer(
  { bundle, predicateType, subject: { mediaType, size, digest }, clock }: BundleAttachment,
): Uint8Array {
  const annotations = {
    "dev.sigstore.bundle.content": "dsse-envelope",
    [PREDICATE_TYPE_ANNOTATION]: predicateType,
    [CREATED_ANNOTATION]: new Date(clock.now()).toISOString().replace(
      /\.\d+Z$/u,
      "Z",
    ),
  };
  return encodeText(JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: {
      mediaType: MEDIA_TYPES.ociEmpty,
      size: EMPTY_CONFIG.length,
      digest: digestOf(EMPTY_CONFIG),
      // Not in the specification, but `cosign clean` finds only referrers that have it.
      artifactType: BUNDLE_MEDIA_TYPE,
    },
    layers: [{ mediaType: BUNDLE_MEDIA_TYPE, size: bundle.length, digest: digestOf(bundle) }],
    annotations,
    subject: { mediaType, size, digest },
    artifactType: BUNDLE_MEDIA_TYPE,
  }));
}

/**
 * Store a bundle as a referrer of its image (OCI distribution spec 1.1, "Pushing Manifests with
 * Subject"), and list it under the fallback tag where the registry has no referrers API.
 *
 * @returns the digest of the referrer's manifest
 * @throws {RegistryError}
 * @throws {MalformedError} if what the fallback tag names is no index: it is left as it is
 */
export async function attachBundle(
  remote: Remote,
  { repository }: SignatureStore,
  attachment: BundleAttachment,
): Promise<Digest> {
  const { bundle, subject, knownNoFallbackTag, clock, random } = attachment;
  await putBlob(remote, repository, EMPTY_CONFIG);
  await putBlob(remote, repository, bundle);
  return await putReferrer(remote, repository, {
    bytes: buildReferrer(attachment),
    mediaType: MEDIA_TYPES.ociManifest,
    subject: subject.digest,
    knownNoFallbackTag,
    clock,
    random,
  });
}
