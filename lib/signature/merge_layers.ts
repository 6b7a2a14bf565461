import type { Clock } from "../base/clock.ts";
import type { Place } from "../registry/copy_manifest.ts";
import type { Descriptor } from "../registry/manifest.ts";
import { openBlob } from "../registry/open_blob.ts";
import { putBlobStream } from "../registry/put_blob_stream.ts";
import { appendLayer } from "./append_layer.ts";
import { parseLegacySignatures } from "./read_legacy.ts";

/** What makes a signature the same: what was signed, the signature, and what is kept with it. */
function identityOf({ digest, annotations = {} }: Descriptor): string {
  const sorted = Object.entries(annotations).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify([digest, sorted]);
}

/**
 * Put legacy signatures, or attestations, beside those that are under a tag already; those that are
 * among them are not put there again.
 *
 * @param manifest what holds them at the source
 * @throws {RegistryError}
 * @throws {MalformedError} if either is no such manifest: the tag is left as it is
 * @throws {TooManySignaturesError}
 */
export async function mergeLayers(
  source: Place,
  { remote, repository }: Place,
  { manifest, tag, clock, random }: {
    readonly manifest: Uint8Array;
    readonly tag: string;
    readonly clock: Clock;
    readonly random: () => number;
  },
): Promise<void> {
  for (const { payload } of parseLegacySignatures(manifest)) {
    const identity = identityOf(payload);
    await appendLayer(remote, {
      repository,
      tag,
      makeLayer: async () => {
        const open = () => openBlob(source.remote, source.repository, payload);
        await putBlobStream(remote, repository, { ...payload, open });
        return payload;
      },
      isThere: (stored) =>
        Promise.resolve(stored.some((one) => identityOf(one.payload) === identity)),
      clock,
      random,
    });
  }
}
