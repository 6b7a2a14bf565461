import { MalformedError } from "../base/errors.ts";
import { parseManifest } from "../registry/manifest.ts";
import { BUNDLE_MEDIA_TYPE_PREFIX, PREDICATE_TYPE_ANNOTATION } from "./bundle.ts";
import { LEGACY_ARTIFACT_TYPE } from "./read_legacy.ts";
import { SIGN_PREDICATE_TYPE } from "./statement.ts";

/** What a referrer says that it is. Nothing about it is verified. */
export type ReferrerKind =
  | "signature"
  | "attestation"
  /** A Sigstore bundle that does not say of what. */
  | "bundle"
  /** Nothing of cosign's. */
  | "other";

/** Tell what a referrer is by its manifest, and not by the list that names it: such lists were wrong. */
export function referrerKind(manifest: Uint8Array): ReferrerKind {
  try {
    const { layers, annotations, artifactType, config } = parseManifest(manifest);
    if ((artifactType ?? config.mediaType) === LEGACY_ARTIFACT_TYPE) return "signature";
    const isBundle = layers.some(({ mediaType }) => mediaType.startsWith(BUNDLE_MEDIA_TYPE_PREFIX));
    if (!isBundle) return "other";
    const predicate = annotations?.[PREDICATE_TYPE_ANNOTATION];
    if (predicate === undefined) return "bundle";
    return predicate === SIGN_PREDICATE_TYPE ? "signature" : "attestation";
  } catch (error) {
    if (error instanceof MalformedError) return "other";
    throw error;
  }
}
