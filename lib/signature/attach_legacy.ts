import { encodeBase64 } from "../base/bytes.ts";
import { digestOf } from "../reference/digest.ts";
import type { Descriptor } from "../registry/manifest.ts";
import { putBlob } from "../registry/put_blob.ts";
import type { Remote } from "../registry/remote.ts";
import { appendLayer, type LayerSettings, type LayerToAppend } from "./append_layer.ts";
import { LEGACY_ANNOTATIONS, type LegacySignature, PAYLOAD_MEDIA_TYPE } from "./read_legacy.ts";
import type { SignatureStore } from "./store.ts";

/** A signature that was just made. */
export interface NewSignature {
  readonly signature: Uint8Array;
  /** What is written beside it: its certificate, say. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** A legacy signature to store, and how to tell that it is there already. */
export interface LegacyAttachment extends Pick<LayerToAppend, LayerSettings> {
  readonly payload: Uint8Array;
  /** Called once, and only when the signature is not there yet. */
  readonly sign: () => Promise<NewSignature>;
  /** Whether a stored signature over the same payload is as good as ours. */
  readonly isOurs: (stored: LegacySignature) => Promise<boolean>;
}

/** The layer of a legacy signature. */
export function legacyLayer(
  payload: Uint8Array,
  signature: Uint8Array,
  annotations: Readonly<Record<string, string>> = {},
): Descriptor {
  return {
    mediaType: PAYLOAD_MEDIA_TYPE,
    size: payload.length,
    digest: digestOf(payload),
    annotations: { [LEGACY_ANNOTATIONS.signature]: encodeBase64(signature), ...annotations },
  };
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
  { repository, signatureTag }: SignatureStore,
  { payload, sign, isOurs, ...options }: LegacyAttachment,
): Promise<boolean> {
  const digest = digestOf(payload);
  let own: string | undefined;
  return await appendLayer(remote, {
    ...options,
    repository,
    tag: signatureTag,
    makeLayer: async () => {
      const { signature, annotations } = await sign();
      own = encodeBase64(signature);
      await putBlob(remote, repository, payload);
      return legacyLayer(payload, signature, annotations);
    },
    isThere: async (stored) => {
      for (const signature of stored) {
        if (signature.payload.digest !== digest) continue;
        // What we wrote a moment ago, or what an earlier run did.
        if (signature.signature === own || await isOurs(signature)) return true;
      }
      return false;
    },
  });
}
