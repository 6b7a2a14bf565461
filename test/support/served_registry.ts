import { encodeText } from "../../lib/base/bytes.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import {
  createMemoryRegistry,
  type MemoryRegistry,
  type MemoryRegistryOptions,
} from "../../lib/registry/memory.ts";
import { type RegistryServer, serveRegistry } from "../../lib/registry/serve.ts";
import { manifestOf } from "./memory_registry.ts";

/** The embedded registry on a port, with images in it. */
export interface ServedRegistry {
  readonly registry: MemoryRegistry;
  readonly server: RegistryServer;
}

/** Put an image into a registry, different for every text. */
export function pushImage(
  registry: MemoryRegistry,
  repository: string,
  tag: string,
  text: string = tag,
): void {
  registry.putBlob(repository, encodeText("{}"));
  registry.putBlob(repository, encodeText("hello"));
  registry.putManifest(
    repository,
    manifestOf({ annotations: { text } }),
    MEDIA_TYPES.ociManifest,
    tag,
  );
}

/** Serve a registry with images, each named `repository:tag`. */
export async function serveImages(
  names: readonly string[],
  options: MemoryRegistryOptions = {},
): Promise<ServedRegistry> {
  const registry = createMemoryRegistry(options);
  for (const name of names) {
    const [repository = "", tag = ""] = name.split(":");
    pushImage(registry, repository, tag);
  }
  return { registry, server: await serveRegistry(registry) };
}
