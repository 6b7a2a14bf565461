import { decodeBase64 } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { MAX_ATTACHMENT_BYTES } from "../base/limits.ts";
import type { PublicKey } from "../keys/public_key.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import type { AttachmentKind } from "../reference/triangulate.ts";
import type { Place } from "../registry/copy_manifest.ts";
import { fetchBlob } from "../registry/fetch_blob.ts";
import type { FetchedManifest } from "../registry/fetch_manifest.ts";
import { type Descriptor, parseManifest } from "../registry/manifest.ts";
import { parseEnvelope } from "./dsse.ts";
import { type LayerConfig, layerCreated, readLayerConfig } from "./layer_config.ts";
import {
  type LegacySignature,
  parseLegacySignatures,
  TooManySignaturesError,
} from "./read_legacy.ts";
import type { Decision, RemovalChoice } from "./removal.ts";
import { isSignedBy } from "./signed_by.ts";

/** The layers of a manifest that are to go. */
export interface ChosenLayers {
  /** Whether that is all that the manifest holds, whatever it is. */
  readonly whole: boolean;
  readonly layers: readonly Descriptor[];
  /** Why others stay that may have been meant. */
  readonly kept: readonly string[];
}

/** Decide by age. */
export function judgeAge(created: number | undefined, before: number | undefined): Decision {
  if (before === undefined) return "goes";
  if (created === undefined) return { kept: "it does not say when it was made" };
  return created < before ? "goes" : "stays";
}

async function isPayloadBy(
  key: PublicKey,
  payload: Uint8Array,
  signature: string,
): Promise<boolean> {
  let bytes: Uint8Array;
  try {
    bytes = decodeBase64(signature);
  } catch {
    // Not base64, and so no key's signature.
    return false;
  }
  return await verifySignature(key, payload, bytes);
}

/** Decide by the key that made a layer of a legacy manifest. */
export async function judgeLayerKey(
  { remote, repository }: Place,
  kind: AttachmentKind,
  { payload, signature }: LegacySignature,
  key: PublicKey | undefined,
): Promise<Decision> {
  if (key === undefined) return "goes";
  // An SBOM under a tag is signed by nobody.
  if (kind === "sbom") return "stays";
  if (payload.size > MAX_ATTACHMENT_BYTES) {
    return { kept: `its layer ${payload.digest} is too large to be read` };
  }
  const bytes = await fetchBlob(remote, repository, payload);
  if (bytes === undefined) return { kept: `its layer ${payload.digest} does not exist` };
  try {
    const isMade = kind === "sig"
      ? await isPayloadBy(key, bytes, signature)
      : await isSignedBy(key, parseEnvelope(bytes));
    return isMade ? "goes" : "stays";
  } catch (error) {
    if (error instanceof MalformedError) return { kept: error.message };
    throw error;
  }
}

async function filterLayers(
  place: Place,
  kind: AttachmentKind,
  manifest: FetchedManifest,
  { key, before }: RemovalChoice,
): Promise<ChosenLayers> {
  const signatures = parseLegacySignatures(manifest.bytes);
  let config: LayerConfig | undefined;
  if (before !== undefined) {
    config = await readLayerConfig(place, parseManifest(manifest.bytes));
  }
  const layers: Descriptor[] = [];
  const kept: string[] = [];
  for (const [index, signature] of signatures.entries()) {
    let decision = await judgeLayerKey(place, kind, signature, key);
    if (decision === "goes") decision = judgeAge(layerCreated(config, index), before);
    if (decision === "goes") layers.push(signature.payload);
    if (typeof decision === "object") kept.push(decision.kept);
  }
  return { whole: layers.length > 0 && layers.length === signatures.length, layers, kept };
}

/**
 * Choose which layers of the manifest under a legacy tag are to go. Without a filter that is all of it,
 * even if it is something else.
 *
 * @throws {RegistryError}
 */
export async function chooseLayers(
  place: Place,
  kind: AttachmentKind,
  manifest: FetchedManifest,
  filter: RemovalChoice,
): Promise<ChosenLayers> {
  const isFiltered = filter.key !== undefined || filter.before !== undefined;
  try {
    return isFiltered
      ? await filterLayers(place, kind, manifest, filter)
      : { whole: true, layers: parseManifest(manifest.bytes).layers, kept: [] };
  } catch (error) {
    const isBroken = error instanceof MalformedError || error instanceof TooManySignaturesError;
    if (!isBroken) throw error;
    return { whole: !isFiltered, layers: [], kept: isFiltered ? [error.message] : [] };
  }
}
