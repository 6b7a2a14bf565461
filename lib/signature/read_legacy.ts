import { MAX_SIGNATURES } from "../base/limits.ts";
import { type FetchedManifest, fetchManifest } from "../registry/fetch_manifest.ts";
import { type Descriptor, parseManifest } from "../registry/manifest.ts";
import type { Remote } from "../registry/remote.ts";
import type { SignatureStore } from "./store.ts";

/** The layer annotations of a legacy signature (cosign specs/SIGNATURE_SPEC.md). */
export const LEGACY_ANNOTATIONS = {
  signature: "dev.cosignproject.cosign/signature",
  certificate: "dev.sigstore.cosign/certificate",
  chain: "dev.sigstore.cosign/chain",
  bundle: "dev.sigstore.cosign/bundle",
  timestamp: "dev.sigstore.cosign/rfc3161timestamp",
} as const;

/** The media type of a simple-signing payload. */
export const PAYLOAD_MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json";

/** The artifact type of legacy signatures kept as a referrer (cosign's `--registry-referrers-mode`). */
export const LEGACY_ARTIFACT_TYPE = "application/vnd.dev.cosign.artifact.sig.v1+json";

/** One signature of a legacy manifest. Nothing here is verified. */
export interface LegacySignature {
  /** The payload's blob. */
  readonly payload: Descriptor;
  /** Base64, as it stands in the annotation; empty where there is none. */
  readonly signature: string;
  readonly hasCertificate: boolean;
}

/** More signatures on one image than are read. */
export class TooManySignaturesError extends RangeError {
  override readonly name = "TooManySignaturesError";

  constructor(count: number) {
    super(`${count} signatures on one image; more than ${MAX_SIGNATURES} are not read`);
  }
}

/**
 * Read the signatures that a legacy manifest holds.
 *
 * @throws {MalformedError}
 * @throws {TooManySignaturesError}
 */
export function parseLegacySignatures(manifest: Uint8Array): readonly LegacySignature[] {
  const { layers } = parseManifest(manifest);
  if (layers.length > MAX_SIGNATURES) throw new TooManySignaturesError(layers.length);
  return layers.map((payload) => ({
    payload,
    signature: payload.annotations?.[LEGACY_ANNOTATIONS.signature] ?? "",
    hasCertificate: (payload.annotations?.[LEGACY_ANNOTATIONS.certificate] ?? "") !== "",
  }));
}

/**
 * Fetch the legacy signatures of an image, or what else lies in that form under a tag; `undefined`
 * where there are none.
 *
 * @throws {RegistryError}
 * @throws {MalformedError}
 * @throws {TooManySignaturesError}
 */
export async function readLegacySignatures(
  remote: Remote,
  { repository, signatureTag }: SignatureStore,
  tag: string = signatureTag,
): Promise<
  | { readonly manifest: FetchedManifest; readonly signatures: readonly LegacySignature[] }
  | undefined
> {
  const manifest = await fetchManifest(remote, repository, tag);
  if (manifest === undefined) return undefined;
  return { manifest, signatures: parseLegacySignatures(manifest.bytes) };
}
