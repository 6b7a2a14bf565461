import { MalformedError } from "../base/errors.ts";
import { fetchBlob } from "../registry/fetch_blob.ts";
import type { Remote } from "../registry/remote.ts";
import { type LegacySignature, readLegacySignatures } from "./read_legacy.ts";
import type { SignatureStore } from "./store.ts";

/** A layer of a legacy manifest with what it holds. Nothing of it is verified. */
export interface LegacyLayer {
  readonly layer: LegacySignature;
  readonly bytes: Uint8Array;
}

/**
 * Fetch what lies in legacy form under one of an image's tags, signatures or attestations.
 *
 * @throws {RegistryError}
 * @throws {MalformedError} also if a layer is missing or too large
 * @throws {TooManySignaturesError}
 */
export async function* readLayers(
  remote: Remote,
  store: SignatureStore,
  tag: string,
): AsyncGenerator<LegacyLayer, void, undefined> {
  const found = await readLegacySignatures(remote, store, tag);
  for (const layer of found?.signatures ?? []) {
    const { digest, size } = layer.payload;
    if (size > store.maxAttachmentBytes) {
      throw new MalformedError(digest, `it is larger than ${store.maxAttachmentBytes} bytes`);
    }
    const bytes = await fetchBlob(remote, store.repository, layer.payload);
    if (bytes === undefined) throw new MalformedError(digest, "it does not exist");
    yield { layer, bytes };
  }
}
