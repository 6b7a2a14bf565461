/** Images in an embedded registry, keys, and signatures on them. */

import { generateKeyPairSync } from "node:crypto";
import { encodeText } from "../../lib/base/bytes.ts";
import { parsePrivateKey, type PrivateKey } from "../../lib/keys/private_key.ts";
import type { Repository } from "../../lib/reference/reference.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistry } from "../../lib/registry/memory.ts";
import type { Remote } from "../../lib/registry/remote.ts";
import type { ResolvedManifest } from "../../lib/registry/resolve_digest.ts";
import { signDigest } from "../../lib/sign/sign_digest.ts";
import type { SignOptions, SignOutcomes } from "../../lib/sign/signing_job.ts";
import type { Annotations } from "../../lib/signature/claim.ts";
import type { SignaturePolicy } from "../../lib/verify/signature_policy.ts";
import { HOST } from "./open_test_remote.ts";
import { createTestClock } from "./test_clock.ts";

/** The repository of most tests. */
export const APP: Repository = { registry: HOST, path: "team/app" };

/** A new P-256 key. */
export function createKey(): PrivateKey {
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "der" },
    publicKeyEncoding: { type: "spki", format: "der" },
  });
  return parsePrivateKey(privateKey);
}

/** Put a small image under a tag; each `content` makes another. */
export function putImage(
  registry: MemoryRegistry,
  tag: string,
  { path = APP.path, content = tag }: { readonly path?: string; readonly content?: string } = {},
): ResolvedManifest {
  const config = encodeText("{}");
  const layer = encodeText(`layer of ${content}`);
  const mediaType = MEDIA_TYPES.ociManifest;
  const bytes = encodeText(JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: MEDIA_TYPES.ociConfig,
      size: config.length,
      digest: registry.putBlob(path, config),
    },
    layers: [{
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      size: layer.length,
      digest: registry.putBlob(path, layer),
    }],
  }));
  const digest = registry.putManifest(path, bytes, mediaType, tag);
  return { digest, mediaType, size: bytes.length };
}

/** Sign an image; as a bundle unless told. */
export function sign(
  remote: Remote,
  image: ResolvedManifest,
  { key, repository = APP, ...options }: Partial<SignOptions> & Pick<SignOptions, "key"> & {
    readonly repository?: Repository;
  },
): Promise<SignOutcomes> {
  return signDigest(remote, repository, image, {
    key,
    annotations: {},
    formats: ["bundle"],
    clock: createTestClock(),
    random: () => 0.5,
    ...options,
  });
}

/** Trust keys, by the names `key-0`, `key-1`, … */
export function trust(keys: readonly PrivateKey[], annotations: Annotations = {}): SignaturePolicy {
  return {
    keys: keys.map(({ publicKey }, index) => ({ name: `key-${index}`, key: publicKey })),
    annotations,
  };
}

/** JSON as bytes. */
export function jsonBytes(value: unknown): Uint8Array {
  return encodeText(JSON.stringify(value));
}
