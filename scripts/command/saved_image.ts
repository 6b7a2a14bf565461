import type { Command } from "commander";
import { parseReference, type Reference } from "../../lib/reference/reference.ts";
import type { Place } from "../../lib/registry/copy_manifest.ts";
import type { SavedImageOptions } from "../../lib/signature/save_image.ts";
import { signatureRepository } from "../../lib/signature/store.ts";
import type { Io } from "./io.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  storeOptions,
  withRegistries,
} from "./registry_options.ts";

/** Options of the tasks between a registry and a folder. */
export interface FolderFlags extends RegistryFlags {
  readonly dir: string;
}

/** Blobs and manifests under way at a time. */
const CONNECTIONS = 8;

/** Declare them. */
export function defineFolderOptions(command: Command, folder: string): void {
  command.requiredOption("--dir <folder>", folder);
  defineRegistryOptions(command);
}

/** Open where an image in a registry is, or is to be, and say how it is carried. */
export async function withSavedImage(
  image: string,
  flags: FolderFlags,
  io: Io,
  work: (place: Place, reference: Reference, options: SavedImageOptions) => Promise<void>,
): Promise<number> {
  const reference = parseReference(image);
  const store = storeOptions(flags, io.env);
  const repository = signatureRepository(reference.repository, store);
  return await withRegistries(flags, io, CONNECTIONS, async (remote) => {
    await work({ remote, repository: reference.repository }, reference, {
      attachments: { remote, repository },
      tag: reference.tag,
      tagPrefix: store.tagPrefix,
      clock: io.clock,
      random: Math.random,
      signal: io.signal,
    });
    return 0;
  });
}
