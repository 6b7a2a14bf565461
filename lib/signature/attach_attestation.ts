import { digestOf } from "../reference/digest.ts";
import type { Descriptor } from "../registry/manifest.ts";
import { putBlob } from "../registry/put_blob.ts";
import type { Remote } from "../registry/remote.ts";
import { appendLayer, type LayerSettings, type LayerToAppend } from "./append_layer.ts";
import { ENVELOPE_MEDIA_TYPE } from "./dsse.ts";
import { LEGACY_ANNOTATIONS } from "./read_legacy.ts";
import type { SignatureStore } from "./store.ts";

/** The layer annotation that names the predicate type; cosign 1 wrote none. */
export const LAYER_PREDICATE_TYPE = "predicateType";

/** A legacy attestation to store, and how to tell that it is there already. */
export interface AttestationAttachment extends Pick<LayerToAppend, LayerSettings> {
  /** Make the envelope. Called once, and only when the attestation is not there yet. */
  readonly makeEnvelope: () => Promise<{
    readonly envelope: Uint8Array;
    /** What is written beside it: its certificate, say. */
    readonly annotations?: Readonly<Record<string, string>> | undefined;
  }>;
  readonly predicateType: string;
  /** Whether a stored layer, known by its descriptor, holds an attestation as good as ours. */
  readonly isOurs: (stored: Descriptor) => Promise<boolean>;
  /** Take away the attestations of the same predicate type (cosign's `--replace`). */
  readonly replace?: boolean | undefined;
}

/**
 * Store an attestation in cosign's legacy form, `sha256-<hex>.att`, beside those that are there.
 *
 * @returns whether it was stored; not, if one as good was there
 * @throws {RegistryError}
 * @throws {MalformedError} if what the tag names is no such manifest: it is left as it is
 * @throws {TooManySignaturesError}
 */
export async function attachAttestation(
  remote: Remote,
  { repository, attestationTag }: SignatureStore,
  { makeEnvelope, predicateType, isOurs, replace, ...options }: AttestationAttachment,
): Promise<boolean> {
  let own: Descriptor | undefined;
  return await appendLayer(remote, {
    ...options,
    repository,
    tag: attestationTag,
    makeLayer: async () => {
      const { envelope, annotations } = await makeEnvelope();
      await putBlob(remote, repository, envelope);
      return own = {
        mediaType: ENVELOPE_MEDIA_TYPE,
        size: envelope.length,
        digest: digestOf(envelope),
        annotations: {
          [LEGACY_ANNOTATIONS.signature]: "",
          [LAYER_PREDICATE_TYPE]: predicateType,
          ...annotations,
        },
      };
    },
    isThere: async (stored) => {
      for (const { payload } of stored) {
        // What we wrote a moment ago, or what an earlier run did.
        if (payload.digest === own?.digest || await isOurs(payload)) return true;
      }
      return false;
    },
    ...(replace === true
      ? { replaces: ({ annotations }) => annotations?.[LAYER_PREDICATE_TYPE] === predicateType }
      : {}),
  });
}
