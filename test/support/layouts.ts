/** Layout folders: saved from an embedded registry, or written by hand as a test wants them. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeText } from "../../lib/base/bytes.ts";
import { type Digest, digestOf } from "../../lib/reference/digest.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import type { MemoryRegistry } from "../../lib/registry/memory.ts";
import { type SavedImageOptions, saveImage } from "../../lib/signature/save_image.ts";
import { APP, jsonBytes } from "./images.ts";
import { openTestRemote } from "./open_test_remote.ts";
import { createTestClock } from "./test_clock.ts";

/** Copying without waiting. */
export function atOnce(): Pick<SavedImageOptions, "clock" | "random"> {
  return { clock: createTestClock(), random: () => 0.5 };
}

/** Save an image of the embedded registry. */
export async function saveFrom(
  registry: MemoryRegistry,
  folder: string,
  digest: Digest,
  options: Partial<SavedImageOptions> = {},
): Promise<void> {
  const source = { remote: openTestRemote(registry).remote, repository: APP };
  await saveImage(source, folder, digest, { ...atOnce(), ...options });
}

/** The path of a blob's file. */
export function blobPath(folder: string, digest: Digest): string {
  return join(folder, "blobs", ...digest.split(":"));
}

/** An entry of `index.json`; right unless told. */
export interface LayoutEntry {
  readonly bytes: Uint8Array;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Write a layout by hand: blobs that nothing lists, and manifests that `index.json` lists. */
export async function writeLayout(
  folder: string,
  { blobs = [], entries = [], index }: {
    readonly blobs?: readonly Uint8Array[];
    readonly entries?: readonly LayoutEntry[];
    /** The whole of `index.json` instead. */
    readonly index?: string;
  },
): Promise<void> {
  await mkdir(join(folder, "blobs", "sha256"), { recursive: true });
  await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  for (const bytes of [...blobs, ...entries.map((entry) => entry.bytes)]) {
    await writeFile(blobPath(folder, digestOf(bytes)), bytes);
  }
  const manifests = entries.map(({ bytes, mediaType = MEDIA_TYPES.ociManifest, annotations }) => ({
    mediaType,
    size: bytes.length,
    digest: digestOf(bytes),
    ...(annotations === undefined ? {} : { annotations }),
  }));
  await writeFile(
    join(folder, "index.json"),
    index ?? jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }),
  );
}

/** What cosign says of the entry that it saved. */
export const COSIGN_IMAGE: Readonly<Record<string, string>> = {
  kind: "dev.cosignproject.cosign/image",
};

const CONFIG = encodeText("{}");

/** An image of one layer, written by hand: its manifest, and the blobs that it points at. */
export function handmadeImage(text: string): { manifest: Uint8Array; blobs: Uint8Array[] } {
  const layer = encodeText(text);
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { mediaType: MEDIA_TYPES.ociConfig, size: CONFIG.length, digest: digestOf(CONFIG) },
    layers: [{
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      size: layer.length,
      digest: digestOf(layer),
    }],
  });
  return { manifest, blobs: [CONFIG, layer] };
}
