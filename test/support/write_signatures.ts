/** Signatures written by hand into an embedded registry, right or wrong as a test wants. */

import { encodeBase64 } from "../../lib/base/bytes.ts";
import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { type Digest, digestOf } from "../../lib/reference/digest.ts";
import { attachmentTag } from "../../lib/reference/triangulate.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistry } from "../../lib/registry/memory.ts";
import type { ResolvedManifest } from "../../lib/registry/resolve_digest.ts";
import { buildStatementBundle, BUNDLE_MEDIA_TYPE } from "../../lib/signature/bundle.ts";
import { preAuthEncoding } from "../../lib/signature/dsse.ts";
import { LEGACY_ANNOTATIONS, PAYLOAD_MEDIA_TYPE } from "../../lib/signature/read_legacy.ts";
import { INTOTO_PAYLOAD_TYPE } from "../../lib/signature/statement.ts";
import { keyMaterial } from "../../lib/signature/verification_material.ts";
import { APP, jsonBytes } from "./images.ts";

/** A layer of a legacy manifest, and the payload that it names. */
export interface LegacyLayer {
  readonly payload: Uint8Array;
  /** The annotations' values. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The size to state; the payload's unless told. */
  readonly size?: number;
  /** Leave the payload's blob out. */
  readonly missing?: boolean;
}

/** Make the layer of a legacy signature over a payload. */
export async function legacyLayer(key: PrivateKey, payload: Uint8Array): Promise<LegacyLayer> {
  const signature = encodeBase64(await key.sign(payload));
  return { payload, annotations: { [LEGACY_ANNOTATIONS.signature]: signature } };
}

/** Store a legacy manifest with these layers as an image's. */
export function putLegacy(
  registry: MemoryRegistry,
  image: Digest,
  layers: readonly LegacyLayer[],
): void {
  const bytes = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: {
      mediaType: MEDIA_TYPES.ociConfig,
      size: 2,
      digest: registry.putBlob(APP.path, jsonBytes({})),
    },
    layers: layers.map(({ payload, annotations, size, missing }) => ({
      mediaType: PAYLOAD_MEDIA_TYPE,
      size: size ?? payload.length,
      digest: missing === true ? digestOf(payload) : registry.putBlob(APP.path, payload),
      annotations,
    })),
  });
  registry.putManifest(APP.path, bytes, MEDIA_TYPES.ociManifest, attachmentTag(image, "sig"));
}

/** Make a bundle over any statement and payload type. */
export async function bundleOver(
  key: PrivateKey,
  statement: Uint8Array,
  payloadType: string = INTOTO_PAYLOAD_TYPE,
): Promise<Uint8Array> {
  const signature = await key.sign(preAuthEncoding(payloadType, statement));
  const bundle = buildStatementBundle(statement, signature, keyMaterial(key.publicKey));
  const text = new TextDecoder().decode(bundle);
  return new TextEncoder().encode(text.replace(INTOTO_PAYLOAD_TYPE, payloadType));
}

/** Store a bundle as a referrer of an image, as the registry's API lists it. */
export function putBundle(
  registry: MemoryRegistry,
  { mediaType, size, digest }: ResolvedManifest,
  bundle: Uint8Array,
  { layer = {}, ...more }: {
    /** Other fields of the one layer. */
    readonly layer?: Readonly<Record<string, unknown>>;
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): Digest {
  const bytes = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: {
      mediaType: MEDIA_TYPES.ociEmpty,
      size: 2,
      digest: registry.putBlob(APP.path, jsonBytes({})),
    },
    layers: [{
      mediaType: BUNDLE_MEDIA_TYPE,
      size: bundle.length,
      digest: registry.putBlob(APP.path, bundle),
      ...layer,
    }],
    subject: { mediaType, size, digest },
    artifactType: BUNDLE_MEDIA_TYPE,
    ...more,
  });
  return registry.putManifest(APP.path, bytes, MEDIA_TYPES.ociManifest);
}
