import type { Clock } from "../base/clock.ts";
import type { Place } from "../registry/copy_manifest.ts";
import { type Descriptor, parseManifest } from "../registry/manifest.ts";
import { updateTag } from "../registry/update_tag.ts";
import { keepLayers, readLayerConfig } from "./layer_config.ts";
import type { TagRemoval } from "./removal.ts";
import { baseOn, storeLayers } from "./store_layers.ts";

/** Two signatures over one payload share its digest, and differ in an annotation. */
function identityOf({ digest, annotations = {} }: Descriptor): string {
  return JSON.stringify([digest, Object.entries(annotations).sort(([a], [b]) => a < b ? -1 : 1)]);
}

/**
 * Take layers out of the manifest under a legacy tag, and delete the tag where none is left. What
 * others add to it meanwhile stays.
 *
 * @throws {RegistryError}
 * @throws {MalformedError} if the tag names something else by now: it is left as it is
 */
export async function removeLayers(
  place: Place,
  { tag, manifest: chosen, whole, layers }: TagRemoval,
  effects: { readonly clock: Clock; readonly random: () => number },
): Promise<void> {
  const { remote, repository } = place;
  const going = new Set(layers.map(identityOf));
  await updateTag(remote, {
    repository,
    tag,
    ...effects,
    async edit(current) {
      if (current === undefined) return undefined;
      if (whole && current.digest === chosen) return "absent";
      const manifest = parseManifest(current.bytes);
      const staying = [...manifest.layers.keys()]
        .filter((place) => !going.has(identityOf(manifest.layers[place]!)));
      if (staying.length === manifest.layers.length) return undefined;
      if (staying.length === 0) return "absent";
      const base = baseOn(current);
      const config = keepLayers(await readLayerConfig(place, manifest), manifest, staying);
      const rest = staying.map((place) => base.layers[place]!);
      return await storeLayers(remote, repository, base, rest, config);
    },
  });
}
