import type { Clock } from "../base/clock.ts";
import { MAX_SIGNATURES } from "../base/limits.ts";
import type { Repository } from "../reference/reference.ts";
import type { FetchedManifest } from "../registry/fetch_manifest.ts";
import { buildImageConfig } from "../registry/image_config.ts";
import type { Descriptor } from "../registry/manifest.ts";
import type { Remote } from "../registry/remote.ts";
import { type NextManifest, updateTag } from "../registry/update_tag.ts";
import {
  type LegacySignature,
  parseLegacySignatures,
  TooManySignaturesError,
} from "./read_legacy.ts";
import { baseOn, newBase, storeLayers } from "./store_layers.ts";

/** A layer to append to a legacy manifest. */
export interface LayerToAppend {
  readonly repository: Repository;
  readonly tag: string;
  /** Store the layer's blob. Called once, and only when it is not there yet. */
  readonly makeLayer: () => Promise<Descriptor>;
  /** Whether one of the stored layers is as good as ours. */
  readonly isThere: (stored: readonly LegacySignature[]) => Promise<boolean>;
  /** Whether a stored layer gives way to ours; none does unless told. */
  readonly replaces?: ((stored: Descriptor) => boolean) | undefined;
  /** The tag is known to be absent. */
  readonly knownAbsent?: boolean | undefined;
  /** Write Docker's media types where no manifest is there yet (COSIGN_DOCKER_MEDIA_TYPES). */
  readonly dockerMediaTypes?: boolean | undefined;
  /** When the manifest's config says that it was made; not at all unless told. */
  readonly created?: Date | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The settings of {@link LayerToAppend} that are the caller's, whatever the layer is. */
export type LayerSettings = "knownAbsent" | "dockerMediaTypes" | "created" | "clock" | "random";

/** The manifest with one more layer in it. */
async function append(
  remote: Remote,
  { repository, dockerMediaTypes = false, created, replaces = () => false }: LayerToAppend,
  current: FetchedManifest | undefined,
  layer: Descriptor,
): Promise<NextManifest> {
  const base = current === undefined ? newBase(dockerMediaTypes) : baseOn(current);
  // As they stand: what another tool wrote into its layers stays.
  const layers = [...base.layers.filter((one) => !replaces(one)), layer];
  if (layers.length > MAX_SIGNATURES) throw new TooManySignaturesError(layers.length);
  return await storeLayers(remote, repository, base, layers, buildImageConfig(layers, created));
}

/**
 * Append a layer to the manifest under a legacy tag, beside those that are there.
 *
 * @returns whether it was stored; not, if one as good was there
 * @throws {RegistryError}
 * @throws {MalformedError} if what the tag names is no such manifest: it is left as it is
 * @throws {TooManySignaturesError}
 */
export async function appendLayer(remote: Remote, appended: LayerToAppend): Promise<boolean> {
  const { repository, tag, makeLayer, isThere, knownAbsent, clock, random } = appended;
  let layer: Promise<Descriptor> | undefined;
  return await updateTag(remote, {
    repository,
    tag,
    knownAbsent,
    clock,
    random,
    edit: async (current) => {
      const stored = current === undefined ? [] : parseLegacySignatures(current.bytes);
      if (await isThere(stored)) return undefined;
      return await append(remote, appended, current, await (layer ??= makeLayer()));
    },
  });
}
