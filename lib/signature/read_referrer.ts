import { MAX_ATTACHMENT_BYTES } from "../base/limits.ts";
import { MalformedError } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import type { Place } from "../registry/copy_manifest.ts";
import { fetchBlob } from "../registry/fetch_blob.ts";
import { type FetchedManifest, fetchManifest } from "../registry/fetch_manifest.ts";
import {
  type Descriptor,
  type Manifest,
  MEDIA_TYPES,
  parseManifest,
} from "../registry/manifest.ts";
import type { Remote } from "../registry/remote.ts";
import {
  BUNDLE_MEDIA_TYPE,
  BUNDLE_MEDIA_TYPE_PREFIX,
  PREDICATE_TYPE_ANNOTATION,
} from "./bundle.ts";
import {
  LEGACY_ARTIFACT_TYPE,
  type LegacySignature,
  parseLegacySignatures,
} from "./read_legacy.ts";
import { isPredicateType } from "./predicate_type.ts";
import { SIGN_PREDICATE_TYPE } from "./statement.ts";

/** What a referrer of an image turned out to be. */
export type Referrer =
  | { readonly kind: "bundle"; readonly bytes: Uint8Array }
  /** A bundle that says it is about something else than was asked for, left unread. */
  | { readonly kind: "other-predicate"; readonly predicateType: string }
  | { readonly kind: "legacy"; readonly signatures: readonly LegacySignature[] }
  /** Listed, but the registry says that it does not exist. */
  | { readonly kind: "missing" }
  /** A bundle's manifest whose blob does not exist, says the registry. */
  | { readonly kind: "no-blob"; readonly digest: Digest }
  | { readonly kind: "too-large"; readonly size: number }
  /** Nothing of ours: an SBOM, a scan, … */
  | { readonly kind: "other" };

/**
 * Put the referrers that look like what is wanted first: signatures, unless told. Only the order: what
 * they say may be wrong.
 */
export function orderReferrers(
  descriptors: readonly Descriptor[],
  wanted: string = SIGN_PREDICATE_TYPE,
): readonly Descriptor[] {
  const rank = ({ artifactType, annotations }: Descriptor): number => {
    const predicate = annotations?.[PREDICATE_TYPE_ANNOTATION];
    if (predicate !== undefined) return isPredicateType(wanted, predicate) ? 0 : 3;
    return artifactType === BUNDLE_MEDIA_TYPE ? 1 : 2;
  };
  return descriptors.toSorted((a, b) => rank(a) - rank(b));
}

/** The artifact types, by their beginnings, that signatures are listed with; cosign once wrote others. */
const SIGNATURE_TYPES = [BUNDLE_MEDIA_TYPE_PREFIX, LEGACY_ARTIFACT_TYPE, MEDIA_TYPES.ociEmpty];

/** Whether what a list says of a referrer leaves it open that it is wanted; believed of missing ones only. */
export function mayBeWanted(
  { artifactType = "", annotations }: Descriptor,
  wanted: string,
): boolean {
  const predicate = annotations?.[PREDICATE_TYPE_ANNOTATION];
  if (predicate !== undefined) return isPredicateType(wanted, predicate);
  return artifactType === "" || SIGNATURE_TYPES.some((type) => artifactType.startsWith(type));
}

/** An image manifest, or `undefined` for what else may refer to an image: an index, an artifact. */
function readManifest(bytes: Uint8Array): Manifest | undefined {
  try {
    return parseManifest(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** Which referrers are read as a whole. */
export interface ReadReferrerOptions {
  /** The predicate type of the bundles that are fetched; all where it is `undefined`. */
  readonly wanted: string | undefined;
  /** The largest bundle that is fetched; 128 MiB unless told. */
  readonly maxBytes?: number;
}

/**
 * Open a referrer and see what it is, by what its manifest holds and not by what the list says of it.
 *
 * @throws {RegistryError}
 * @throws {MalformedError} if it is a bundle's manifest of another shape than one layer
 * @throws {TooManySignaturesError}
 */
export async function readReferrer(
  remote: Remote,
  repository: Repository,
  descriptor: Descriptor,
  options: ReadReferrerOptions = { wanted: SIGN_PREDICATE_TYPE },
): Promise<Referrer> {
  const fetched = await fetchManifest(remote, repository, descriptor.digest);
  return fetched === undefined
    ? { kind: "missing" }
    : await openReferrer({ remote, repository }, fetched, options);
}

/**
 * See what a referrer is whose manifest is there already, as {@link readReferrer} does.
 *
 * @throws as {@link readReferrer}
 */
export async function openReferrer(
  { remote, repository }: Place,
  fetched: FetchedManifest,
  { wanted, maxBytes = MAX_ATTACHMENT_BYTES }: ReadReferrerOptions,
): Promise<Referrer> {
  const manifest = readManifest(fetched.bytes);
  if (manifest === undefined) return { kind: "other" };
  const { layers, annotations, artifactType, config } = manifest;
  if ((artifactType ?? config.mediaType) === LEGACY_ARTIFACT_TYPE) {
    return { kind: "legacy", signatures: parseLegacySignatures(fetched.bytes) };
  }
  const bundles = layers.filter(({ mediaType }) => mediaType.startsWith(BUNDLE_MEDIA_TYPE_PREFIX));
  const [layer] = bundles;
  if (layer === undefined) return { kind: "other" };
  if (layers.length !== 1) {
    throw new MalformedError("bundle manifest", `want one layer, not ${layers.length}`);
  }
  const predicateType = annotations?.[PREDICATE_TYPE_ANNOTATION];
  if (
    wanted !== undefined && predicateType !== undefined && !isPredicateType(wanted, predicateType)
  ) return { kind: "other-predicate", predicateType };
  if (layer.size > maxBytes) return { kind: "too-large", size: layer.size };
  const bytes = await fetchBlob(remote, repository, layer);
  return bytes === undefined
    ? { kind: "no-blob", digest: layer.digest }
    : { kind: "bundle", bytes };
}
