/** What else may belong to an image in an embedded registry: attestations, SBOMs, anything. */

import { encodeText } from "../../lib/base/bytes.ts";
import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { type Digest, digestOf } from "../../lib/reference/digest.ts";
import { formatRepository } from "../../lib/reference/reference.ts";
import { attachmentTag } from "../../lib/reference/triangulate.ts";
import { type Descriptor, MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistry } from "../../lib/registry/memory.ts";
import { putReferrer } from "../../lib/registry/put_referrer.ts";
import type { Remote } from "../../lib/registry/remote.ts";
import type { ResolvedManifest } from "../../lib/registry/resolve_digest.ts";
import { attestDigest } from "../../lib/sign/attest_digest.ts";
import type { SignOptions } from "../../lib/sign/signing_job.ts";
import { buildAttestationStatement } from "../../lib/signature/attestation_statement.ts";
import { PREDICATE_TYPES } from "../../lib/signature/predicate_type.ts";
import { APP, jsonBytes } from "./images.ts";
import { createTestClock } from "./test_clock.ts";

/** Attest something of an image; as a bundle unless told. */
export async function attest(
  remote: Remote,
  { digest, ...image }: ResolvedManifest,
  { key, predicate = {}, ...options }: Partial<SignOptions> & {
    readonly key: PrivateKey;
    readonly predicate?: unknown;
  },
): Promise<void> {
  const predicateType = PREDICATE_TYPES.spdx;
  const statement = buildAttestationStatement({
    name: formatRepository(APP),
    digest,
    predicateType,
    predicate,
  });
  await attestDigest(remote, APP, { digest, ...image }, { statement, predicateType }, {
    key,
    formats: ["bundle"],
    clock: createTestClock(),
    random: () => 0.5,
    ...options,
  });
}

/** Attach an SBOM as cosign does under a tag, unsigned. */
export function putSbom(registry: MemoryRegistry, image: Digest, text: string): Digest {
  const bytes = jsonBytes(documentOf(registry, text));
  const tag = attachmentTag(image, "sbom");
  return registry.putManifest(APP.path, bytes, MEDIA_TYPES.ociManifest, tag);
}

/** Store something that refers to an image, of any type, and have it listed. */
export async function refer(
  registry: MemoryRegistry,
  remote: Remote,
  subject: ResolvedManifest,
  { text = "packages", ...fields }: Readonly<Record<string, unknown>> & {
    readonly text?: string;
  },
): Promise<ResolvedManifest> {
  const bytes = jsonBytes({ ...documentOf(registry, text), subject, ...fields });
  const mediaType = MEDIA_TYPES.ociManifest;
  const effects = { clock: createTestClock(), random: () => 0.5 };
  const { digest } = subject;
  await putReferrer(remote, APP, { bytes, mediaType, subject: digest, ...effects });
  return { digest: digestOf(bytes), mediaType, size: bytes.length };
}

/** A manifest with one layer. */
function documentOf(registry: MemoryRegistry, text: string): Readonly<Record<string, unknown>> {
  const blob = (bytes: Uint8Array, mediaType: string): Descriptor => ({
    mediaType,
    size: bytes.length,
    digest: registry.putBlob(APP.path, bytes),
  });
  return {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: blob(encodeText("{}"), MEDIA_TYPES.ociEmpty),
    layers: [blob(encodeText(text), "text/spdx")],
  };
}
