/** A multi-arch image, signed all through. */

import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistry } from "../../lib/registry/memory.ts";
import type { ResolvedManifest } from "../../lib/registry/resolve_digest.ts";
import { APP, jsonBytes, putImage, sign } from "./images.ts";
import { openTestRemote } from "./open_test_remote.ts";

/** Put an index over two images, each under its digest, and sign all three in both formats. */
export async function putSignedIndex(
  registry: MemoryRegistry,
  key: PrivateKey,
): Promise<readonly ResolvedManifest[]> {
  const { remote } = openTestRemote(registry);
  const children = ["amd64", "arm64"].map((tag) => ({
    ...putImage(registry, tag),
    platform: { os: "linux", architecture: tag },
  }));
  const bytes = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: children.map(({ digest, mediaType, size, platform }) => ({
      mediaType,
      size,
      digest,
      platform,
    })),
  });
  const digest = registry.putManifest(APP.path, bytes, MEDIA_TYPES.ociIndex, "1.0");
  const index = { digest, mediaType: MEDIA_TYPES.ociIndex, size: bytes.length };
  for (const image of [index, ...children]) {
    await sign(remote, image, { key, formats: ["bundle", "legacy"] });
  }
  return [index, ...children];
}
