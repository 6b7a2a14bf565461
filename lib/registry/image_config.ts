import { encodeText } from "../base/bytes.ts";
import type { Descriptor } from "./manifest.ts";

/**
 * Write the config of an image that nobody runs, byte for byte as cosign does: one history entry and
 * one layer, uncompressed, for each signature or file; neither where there are none.
 */
export function buildImageConfig(layers: readonly Descriptor[]): Uint8Array {
  const created = "0001-01-01T00:00:00Z";
  return encodeText(JSON.stringify({
    architecture: "",
    created,
    ...(layers.length === 0 ? {} : { history: layers.map(() => ({ created })) }),
    os: "",
    rootfs: {
      type: "layers",
      diff_ids: layers.length === 0 ? null : layers.map(({ digest }) => digest),
    },
    config: {},
  }));
}
