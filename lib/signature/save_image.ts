import type { Digest } from "../reference/digest.ts";
import type { Place } from "../registry/copy_manifest.ts";
import { createLayout } from "../registry/create_layout.ts";
import { copyImage, type CopyImageOptions } from "./copy_image.ts";

/** How to save an image to a folder, or to load it from there. */
export interface SavedImageOptions
  extends Pick<CopyImageOptions, "tagPrefix" | "clock" | "random"> {
  /** Where its signatures are, or are to be, in registries; beside it unless told. */
  readonly attachments?: Place | undefined;
  /** The tag that it gets; none if absent. */
  readonly tag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Save an image, or an index with its images, to an OCI image layout folder, together with signatures,
 * attestations, SBOMs and everything that refers to it, in both formats. The folder may have been
 * saved to before: what is there already is not fetched again, and the image that it held gives way.
 *
 * @throws {LayoutError} if the folder cannot be written; its `index.json` is then as it was
 * @throws {RegistryError}
 * @throws {MalformedError} if something is no manifest
 */
export async function saveImage(
  source: Place,
  folder: string,
  digest: Digest,
  { signal, ...options }: SavedImageOptions,
): Promise<void> {
  const layout = await createLayout(folder, { tagPrefix: options.tagPrefix, signal });
  try {
    await copyImage(source, layout, digest, options);
    await layout.finish(digest);
  } finally {
    await layout.close();
  }
}
