/** Requests to the embedded registry, and small content for it. */

import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { type Digest, digestOf } from "../../lib/reference/digest.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import {
  createMemoryRegistry,
  type MemoryAnswer,
  type MemoryRegistry,
  type MemoryRegistryOptions,
} from "../../lib/registry/memory.ts";

export const HELLO: Uint8Array = encodeText("hello");
export const HELLO_DIGEST: Digest = digestOf(HELLO);
export const EMPTY: Uint8Array = encodeText("{}");
export const EMPTY_DIGEST: Digest = digestOf(EMPTY);
export const ABSENT_DIGEST: Digest = digestOf(encodeText("absent"));

/** What a request may have besides method and URL. */
export interface Extras {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Ask the embedded registry, without a transport. */
export function ask(
  registry: MemoryRegistry,
  method: string,
  url: string,
  { headers = {}, body = new Uint8Array() }: Extras = {},
): Promise<MemoryAnswer> {
  return registry.handle({ method, url, headers, body });
}

/** The JSON in an answer. */
export function json(answer: MemoryAnswer): Record<string, unknown> {
  return JSON.parse(decodeText(answer.body)) as Record<string, unknown>;
}

/** Status and first error code: `404 NAME_UNKNOWN`. */
export function codeOf(answer: MemoryAnswer): string {
  return `${answer.status} ${(json(answer)["errors"] as { code: string }[])[0]?.code}`;
}

/** An image manifest on the blobs EMPTY and HELLO. */
export function manifestOf(fields: Readonly<Record<string, unknown>> = {}): Uint8Array {
  return encodeText(JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { mediaType: MEDIA_TYPES.ociEmpty, size: 2, digest: EMPTY_DIGEST },
    layers: [{ mediaType: "text/plain", size: 5, digest: HELLO_DIGEST }],
    ...fields,
  }));
}

/** The headers of a push. */
export const OCI: Readonly<Record<string, string>> = { "content-type": MEDIA_TYPES.ociManifest };

/** A registry whose `team/app` has the two blobs that manifestOf() points at. */
export function filled(options?: MemoryRegistryOptions): MemoryRegistry {
  const registry = createMemoryRegistry(options);
  registry.putBlob("team/app", EMPTY);
  registry.putBlob("team/app", HELLO);
  return registry;
}

/** A manifest with a subject. */
export function referTo(subject: Digest, artifactType: string): Uint8Array {
  return manifestOf({
    artifactType,
    subject: { mediaType: MEDIA_TYPES.ociManifest, size: 1, digest: subject },
    annotations: { note: artifactType },
  });
}
