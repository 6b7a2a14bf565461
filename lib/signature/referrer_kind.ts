import { MalformedError } from "../base/errors.ts";
import { parseManifest } from "../registry/manifest.ts";
import { BUNDLE_MEDIA_TYPE_PREFIX, PREDICATE_TYPE_ANNOTATION } from "./bundle.ts";
import { LEGACY_ARTIFACT_TYPE } from "./read_legacy.ts";
import { SIGN_PREDICATE_TYPE } from "./statement.ts";

/** The artifact type of SBOMs kept as a referrer (cosign's internal/pkg/oci/remote). */
const SBOM_ARTIFACT_TYPE = "application/vnd.dev.cosign.artifact.sbom.v1+json";

/** What a referrer says that it is. Nothing about it is verified. */
export type ReferrerKind =
  | "signature"
  | "attestation"
  /** A Sigstore bundle that does not say of what. */
  | "bundle"
  /** An SBOM as cosign attaches it with `--registry-referrers-mode oci-1-1`, signed by nobody. */
  | "sbom"
  /** Nothing of cosign's. */
  | "other";

/** Tell what a referrer is by its manifest, and not by the list that names it: such lists were wrong. */
export function referrerKind(manifest: Uint8Array): ReferrerKind {
  try {
    const { layers, annotations, artifactType, config } = parseManifest(manifest);
    const type = artifactType ?? config.mediaType;
    if (type === LEGACY_ARTIFACT_TYPE) return "signature";
    if (type === SBOM_ARTIFACT_TYPE) return "sbom";
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
