import { encodeText } from "../base/bytes.ts";
import type { Descriptor } from "./manifest.ts";

/** RFC 3339 as Go writes it: no zeros at the end of a fraction, and no fraction of zeros. */
function formatTime(time: Date): string {
  return time.toISOString().replace(/\.?0*Z$/u, "Z");
}

/**
 * Write the config of an image that nobody runs, byte for byte as cosign does: one history entry and
 * one layer, uncompressed, for each signature or file; neither where there are none.
 *
 * @param created when it was made; never, as Go writes it, unless told
 */
export function buildImageConfig(layers: readonly Descriptor[], created?: Date): Uint8Array {
  const never = "0001-01-01T00:00:00Z";
  return encodeText(JSON.stringify({
    architecture: "",
    created: created === undefined ? never : formatTime(created),
    ...(layers.length === 0 ? {} : { history: layers.map(() => ({ created: never })) }),
    os: "",
    rootfs: {
      type: "layers",
      diff_ids: layers.length === 0 ? null : layers.map(({ digest }) => digest),
    },
    config: {},
  }));
}
