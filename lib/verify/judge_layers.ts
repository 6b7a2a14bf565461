import type { LegacySignature } from "../signature/read_legacy.ts";
import type { Descriptor } from "../registry/manifest.ts";
import type { Findings } from "./findings.ts";
import type { SignatureResult } from "./verdict.ts";

/** The layers of a legacy manifest, and how each is judged. */
export interface Layers {
  readonly layers: readonly LegacySignature[];
  /** Fetch what a layer holds; `undefined` where it does not exist. */
  readonly open: (descriptor: Descriptor) => Promise<Uint8Array | undefined>;
  readonly judge: (layer: LegacySignature, bytes: Uint8Array) => Promise<SignatureResult>;
  /** What the bytes are called in a reason: "the signed payload". */
  readonly called: string;
  /** The largest that is fetched, in bytes. */
  readonly maxBytes: number;
  /** Judge every one, instead of stopping when there are enough good ones. */
  readonly exhaustive: boolean;
}

/** Judge the layers of a legacy manifest one by one; what is broken hides no other. */
export async function judgeLayers(
  findings: Findings,
  { layers, open, judge, called, maxBytes, exhaustive }: Layers,
): Promise<void> {
  for (const layer of layers) {
    const { size, digest } = layer.payload;
    if (size > maxBytes) {
      findings.refuse("legacy", {
        code: "attachment-too-large",
        message: `${called} is larger than ${maxBytes} bytes`,
        found: String(size),
      });
      continue;
    }
    try {
      const bytes = await open(layer.payload);
      if (bytes === undefined) {
        findings.refuse("legacy", {
          code: "signature-missing",
          message: `${called} ${digest} does not exist`,
        });
        continue;
      }
      const result = await judge(layer, bytes);
      findings.signatures.push(result);
      if (result.verified && !exhaustive && findings.verified) return;
    } catch (error) {
      findings.caught("legacy", error);
    }
  }
}
