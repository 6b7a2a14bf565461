/** A multi-arch image, signed all through. */

import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistry } from "../../lib/registry/memory.ts";
import type { ResolvedManifest } from "../../lib/registry/resolve_digest.ts";
import { APP, jsonBytes, putImage, sign } from "./images.ts";
import { openTestRemote } from "./open_test_remote.ts";

/** Put an index over images, each for the architecture that is named beside it, under a tag. */
export function putIndex(
  registry: MemoryRegistry,
  tag: string,
  children: Readonly<Record<string, ResolvedManifest>>,
): ResolvedManifest {
  const mediaType = MEDIA_TYPES.ociIndex;
  const bytes = jsonBytes({
    schemaVersion: 2,
    mediaType,
    manifests: Object.entries(children).map(([architecture, { mediaType, size, digest }]) => ({
      mediaType,
      size,
      digest,
      platform: { os: "linux", architecture },
    })),
  });
  const digest = registry.putManifest(APP.path, bytes, mediaType, tag);
  return { digest, mediaType, size: bytes.length };
}

/** Put an index over two images, each under its digest, and sign all three in both formats. */
export async function putSignedIndex(
  registry: MemoryRegistry,
  key: PrivateKey,
): Promise<readonly ResolvedManifest[]> {
  const { remote } = openTestRemote(registry);
  const children = { amd64: putImage(registry, "amd64"), arm64: putImage(registry, "arm64") };
  const images = [putIndex(registry, "1.0", children), ...Object.values(children)];
  for (const image of images) await sign(remote, image, { key, formats: ["bundle", "legacy"] });
  return images;
}
