import type { Digest } from "../reference/digest.ts";
import type { Place } from "../registry/copy_manifest.ts";
import { cannotRead } from "../registry/layout_files.ts";
import { openLayout } from "../registry/open_layout.ts";
import { copyImage } from "./copy_image.ts";
import type { SavedImageOptions } from "./save_image.ts";

/** How to load an image. */
export interface LoadImageOptions extends SavedImageOptions {
  /** What the folder must hold; anything unless told. */
  readonly digest?: Digest | undefined;
}

/**
 * Load what was saved to an OCI image layout folder into a repository, of whatever name: the image, or
 * the index with its images, and all that belongs to it. What is there already is kept: signatures are
 * put beside others. The tag is written last; it may have named something else before.
 *
 * @returns the digest of the image
 * @throws {RegistryError} also if something in the folder is missing, or not what it should be
 * @throws {MalformedError} if something is no manifest
 */
export async function loadImage(
  folder: string,
  target: Place,
  { attachments, digest, signal, ...options }: LoadImageOptions,
): Promise<Digest> {
  const layout = await openLayout(folder, { tagPrefix: options.tagPrefix, signal });
  if (digest !== undefined && digest !== layout.root) {
    throw cannotRead(folder, `it holds ${layout.root}, not ${digest}`);
  }
  await copyImage(layout, target, layout.root, {
    ...options,
    attachmentsTo: attachments,
    merge: true,
  });
  return layout.root;
}
