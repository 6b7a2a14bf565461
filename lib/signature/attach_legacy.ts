import type { Clock } from "../base/clock.ts";
import { decodeText, encodeBase64, encodeText } from "../base/bytes.ts";
import { MAX_SIGNATURES } from "../base/limits.ts";
import { digestOf } from "../reference/digest.ts";
import type { FetchedManifest } from "../registry/fetch_manifest.ts";
import { type Descriptor, MEDIA_TYPES } from "../registry/manifest.ts";
import { putBlob } from "../registry/put_blob.ts";
import type { Remote } from "../registry/remote.ts";
import { type NextManifest, updateTag } from "../registry/update_tag.ts";
import {
  LEGACY_ANNOTATIONS,
  type LegacySignature,
  parseLegacySignatures,
  PAYLOAD_MEDIA_TYPE,
  TooManySignaturesError,
} from "./read_legacy.ts";
import type { SignatureStore } from "./store.ts";

/** A legacy signature to store, and how to tell that it is there already. */
export interface LegacyAttachment {
  readonly payload: Uint8Array;
  /** Called once, and only when the signature is not there yet. */
  readonly sign: () => Promise<Uint8Array>;
  /** Whether a stored signature over the same payload is as good as ours. */
  readonly isOurs: (stored: LegacySignature) => Promise<boolean>;
  /** The tag is known to be absent. */
  readonly knownAbsent?: boolean | undefined;
  /** Write Docker's media types where no manifest is there yet (COSIGN_DOCKER_MEDIA_TYPES). */
  readonly dockerMediaTypes?: boolean | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The config blob that cosign writes: one history entry and one layer for each signature. */
function buildConfig(layers: readonly Descriptor[]): Uint8Array {
  const created = "0001-01-01T00:00:00Z";
  return encodeText(JSON.stringify({
    architecture: "",
    created,
    history: layers.map(() => ({ created })),
    os: "",
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    config: {},
  }));
}

/** What the manifest is built on: the stored one, field by field, or a new one. */
function baseOf(
  current: FetchedManifest | undefined,
  dockerMediaTypes: boolean,
): { readonly document: Record<string, unknown>; readonly mediaType: string } {
  if (current !== undefined) {
    const document = JSON.parse(decodeText(current.bytes)) as Record<string, unknown>;
    const mediaType = document["mediaType"] ?? current.mediaType;
    return {
      document,
      mediaType: mediaType === MEDIA_TYPES.dockerManifest ? mediaType : MEDIA_TYPES.ociManifest,
    };
  }
  const mediaType = dockerMediaTypes ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
  return { document: { schemaVersion: 2, mediaType, config: {}, layers: [] }, mediaType };
}

/** The manifest with one more signature in it (cosign specs/SIGNATURE_SPEC.md). */
async function append(
  remote: Remote,
  { repository }: SignatureStore,
  current: FetchedManifest | undefined,
  layer: Descriptor,
  dockerMediaTypes: boolean,
): Promise<NextManifest> {
  const { document, mediaType } = baseOf(current, dockerMediaTypes);
  // As they stand: what another tool wrote into its layers stays.
  const layers = [...document["layers"] as Descriptor[], layer];
  if (layers.length > MAX_SIGNATURES) throw new TooManySignaturesError(layers.length);
  const config = buildConfig(layers);
  const configType = mediaType === MEDIA_TYPES.dockerManifest
    ? MEDIA_TYPES.dockerConfig
    : MEDIA_TYPES.ociConfig;
  const bytes = encodeText(JSON.stringify({
    ...document,
    config: { mediaType: configType, size: config.length, digest: digestOf(config) },
    layers,
  }));
  await putBlob(remote, repository, config);
  return { bytes, mediaType };
}

/**
 * Store a signature in cosign's legacy form, `sha256-<hex>.sig`, beside those that are there.
 *
 * @returns whether it was stored; not, if a signature as good was there
 * @throws {RegistryError}
 * @throws {MalformedError} if what the tag names is no signature manifest: it is left as it is
 * @throws {TooManySignaturesError}
 */
export async function attachLegacy(
  remote: Remote,
  store: SignatureStore,
  { payload, sign, isOurs, knownAbsent, dockerMediaTypes = false, clock, random }: LegacyAttachment,
): Promise<boolean> {
  const digest = digestOf(payload);
  let layer: Promise<Descriptor> | undefined;
  const makeLayer = async (): Promise<Descriptor> => {
    const signature = await sign();
    await putBlob(remote, store.repository, payload);
    return {
      mediaType: PAYLOAD_MEDIA_TYPE,
      size: payload.length,
      digest,
      annotations: { [LEGACY_ANNOTATIONS.signature]: encodeBase64(signature) },
    };
  };
  return await updateTag(remote, {
    repository: store.repository,
    tag: store.signatureTag,
    knownAbsent,
    clock,
    random,
    edit: async (current) => {
      const stored = current === undefined ? [] : parseLegacySignatures(current.bytes);
      for (const signature of stored) {
        if (signature.payload.digest === digest && await isOurs(signature)) return undefined;
      }
      return await append(remote, store, current, await (layer ??= makeLayer()), dockerMediaTypes);
    },
  });
}
