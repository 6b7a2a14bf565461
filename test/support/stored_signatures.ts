/** What lies in an embedded registry where signatures are kept, as documents. */

import { decodeText } from "../../lib/base/bytes.ts";
import { type Digest, isDigest } from "../../lib/reference/digest.ts";
import { attachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";
import type { Descriptor, Index, Manifest } from "../../lib/registry/manifest.ts";
import type { MemoryRegistry } from "../../lib/registry/memory.ts";
import { ask } from "./memory_registry.ts";
import { APP } from "./images.ts";

/** A manifest as it stands, with what this library does not read of it. */
export type StoredDocument = Manifest & Readonly<Record<string, unknown>>;

function read<Document>(registry: MemoryRegistry, reference: string): Document | undefined {
  const manifest = registry.manifest(APP.path, reference);
  return manifest && JSON.parse(decodeText(manifest.bytes)) as Document;
}

/** The manifest of an image's legacy signatures. */
export function legacyManifest(
  registry: MemoryRegistry,
  image: Digest,
): StoredDocument | undefined {
  return read(registry, attachmentTag(image, "sig"));
}

/** The index under an image's fallback tag. */
export function fallbackIndex(
  registry: MemoryRegistry,
  image: Digest,
): Index & Readonly<Record<string, unknown>> | undefined {
  return read(registry, referrersTag(image));
}

/** The manifests that refer to an image: by the registry's API, or its fallback tag. */
export async function referrersOf(
  registry: MemoryRegistry,
  image: Digest,
): Promise<readonly StoredDocument[]> {
  const answer = await ask(registry, "GET", `/v2/${APP.path}/referrers/${image}`);
  const { manifests = [] } = answer.status === 200
    ? JSON.parse(decodeText(answer.body)) as { readonly manifests: readonly Descriptor[] }
    : fallbackIndex(registry, image) ?? {};
  return manifests.flatMap(({ digest }) => read<StoredDocument>(registry, digest) ?? []);
}

/** A blob's text. */
export async function blobText(registry: MemoryRegistry, digest: Digest): Promise<string> {
  if (!isDigest(digest)) throw new TypeError(`no digest: ${digest}`);
  return decodeText((await ask(registry, "GET", `/v2/${APP.path}/blobs/${digest}`)).body);
}

/** How many writes a registry has been asked for. */
export function countWrites({ requests }: MemoryRegistry): number {
  return requests.recent.filter(({ method }) => !["GET", "HEAD"].includes(method)).length;
}
