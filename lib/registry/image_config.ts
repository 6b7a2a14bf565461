import { encodeText } from "../base/bytes.ts";
import type { Descriptor } from "./manifest.ts";

/**
 * Write the config of an image that nobody runs, byte for byte as cosign does: one history entry and
 * one layer, uncompressed, for each signature or file.
 */
export function buildImageConfig(layers: readonly Descriptor[]): Uint8Array {
  const created = "0001-01-01T00:00:00Z";
  return encodeText(JSON.stringify({
    architecture: "",
    created,
    history: layers.map(() => ({ created })),
    os: "",
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    config: {},
  }));
}
