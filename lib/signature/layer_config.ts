import * as v from "valibot";
import { encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import { MAX_MANIFEST_BYTES } from "../base/limits.ts";
import type { Place } from "../registry/copy_manifest.ts";
import { fetchBlob } from "../registry/fetch_blob.ts";
import { buildImageConfig } from "../registry/image_config.ts";
import type { Manifest } from "../registry/manifest.ts";
import { parseCreated } from "./created.ts";

const ConfigSchema = v.looseObject({
  history: v.array(v.looseObject({ created: v.nullish(v.string()) })),
  rootfs: v.looseObject({ diff_ids: v.array(v.string()) }),
});

/** The config of a legacy manifest: an entry for each layer, and whatever else stands in it. */
export interface LayerConfig {
  readonly history: readonly { readonly created?: string | null | undefined }[];
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

/**
 * Fetch the config of a legacy manifest; `undefined` where it is missing, or tells nothing about each
 * of the layers.
 *
 * @throws {RegistryError}
 */
export async function readLayerConfig(
  { remote, repository }: Place,
  { config, layers }: Manifest,
): Promise<LayerConfig | undefined> {
  // An entry for each signature is as large as its descriptor in the manifest.
  if (config.size > MAX_MANIFEST_BYTES) return undefined;
  const bytes = await fetchBlob(remote, repository, config);
  if (bytes === undefined) return undefined;
  try {
    const read: LayerConfig = parseJson("config", bytes, ConfigSchema);
    const lengths = [read.history.length, read.rootfs.diff_ids.length];
    return lengths.every((length) => length === layers.length) ? read : undefined;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/**
 * When a layer was made, in milliseconds since 1970: cosign records it with
 * `--record-creation-timestamp` only.
 */
export function layerCreated(config: LayerConfig | undefined, index: number): number | undefined {
  return parseCreated(config?.history[index]?.created ?? undefined);
}

/** Write the config for some of the layers, by their places; what is known of them is kept. */
export function keepLayers(
  config: LayerConfig | undefined,
  { layers }: Manifest,
  places: readonly number[],
): Uint8Array {
  if (config === undefined) return buildImageConfig(places.map((place) => layers[place]!));
  return encodeText(JSON.stringify({
    ...config,
    history: places.map((place) => config.history[place]),
    rootfs: {
      ...config.rootfs,
      diff_ids: places.map((place) => config.rootfs.diff_ids[place]),
    },
  }));
}
