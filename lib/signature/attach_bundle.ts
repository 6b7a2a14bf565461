import type { Clock } from "../base/clock.ts";
import { decodeText, encodeText } from "../base/bytes.ts";
import { type Digest, digestOf } from "../reference/digest.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import type { FetchedManifest } from "../registry/fetch_manifest.ts";
import { listReferrers } from "../registry/list_referrers.ts";
import { type Descriptor, MEDIA_TYPES, parseIndex } from "../registry/manifest.ts";
import { putBlob } from "../registry/put_blob.ts";
import { type PutManifest, putManifest } from "../registry/put_manifest.ts";
import type { Remote } from "../registry/remote.ts";
import type { ResolvedManifest } from "../registry/resolve_digest.ts";
import { type NextManifest, updateTag } from "../registry/update_tag.ts";
import { BUNDLE_MEDIA_TYPE, PREDICATE_TYPE_ANNOTATION } from "./bundle.ts";
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
): { readonly bytes: Uint8Array; readonly annotations: Readonly<Record<string, string>> } {
  const annotations = {
    "dev.sigstore.bundle.content": "dsse-envelope",
    [PREDICATE_TYPE_ANNOTATION]: predicateType,
    "org.opencontainers.image.created": new Date(clock.now()).toISOString().replace(
      /\.\d+Z$/u,
      "Z",
    ),
  };
  const bytes = encodeText(JSON.stringify({
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
  return { bytes, annotations };
}

/** The fallback index with one more referrer in it, sorted as others write it. */
function addToIndex(
  current: FetchedManifest | undefined,
  descriptor: Descriptor,
): NextManifest | undefined {
  const stored = current === undefined ? [] : parseIndex(current.bytes).manifests;
  if (stored.some(({ digest }) => digest === descriptor.digest)) return undefined;
  // As it stands: what we cannot read in it stays.
  const document = current === undefined
    ? { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }
    : JSON.parse(decodeText(current.bytes)) as { readonly manifests: readonly Descriptor[] };
  const manifests = [...document.manifests, descriptor]
    .sort((a, b) => a.digest < b.digest ? -1 : 1);
  return {
    bytes: encodeText(JSON.stringify({ ...document, manifests })),
    mediaType: MEDIA_TYPES.ociIndex,
  };
}

/** Whether the registry's own API lists a referrer that was just stored. */
async function isListed(
  remote: Remote,
  repository: Repository,
  subject: Digest,
  { digest, listsReferrers }: PutManifest,
): Promise<boolean> {
  const api = (): boolean | undefined => remote.referrersApi.get(formatRepository(repository));
  if (api() === false) return false;
  if (api() === true && listsReferrers) return true;
  const { descriptors } = await listReferrers(remote, repository, subject, {
    hasFallbackTag: false,
  });
  // A registry that acknowledged the subject may take a while to list it.
  return descriptors.some((listed) => listed.digest === digest) ||
    api() === true && listsReferrers;
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
  { repository, referrersTag }: SignatureStore,
  attachment: BundleAttachment,
): Promise<Digest> {
  const { bundle, subject, knownNoFallbackTag, clock, random } = attachment;
  await putBlob(remote, repository, EMPTY_CONFIG);
  await putBlob(remote, repository, bundle);
  const { bytes, annotations } = buildReferrer(attachment);
  const stored = await putManifest(remote, repository, {
    bytes,
    mediaType: MEDIA_TYPES.ociManifest,
  });
  const { digest } = stored;
  if (await isListed(remote, repository, subject.digest, stored)) return digest;
  await updateTag(remote, {
    repository,
    tag: referrersTag,
    knownAbsent: knownNoFallbackTag,
    clock,
    random,
    edit: (current) =>
      Promise.resolve(addToIndex(current, {
        mediaType: MEDIA_TYPES.ociManifest,
        size: bytes.length,
        digest,
        artifactType: BUNDLE_MEDIA_TYPE,
        annotations,
      })),
  });
  return digest;
}
