import type { Digest } from "../reference/digest.ts";
import type { Reference } from "../reference/reference.ts";
import { checkContents } from "../registry/check_contents.ts";
import { openLayout } from "../registry/open_layout.ts";
import type { Remote } from "../registry/remote.ts";
import { unknownVerdict } from "./unknown.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Verify the image in an OCI image layout folder with `verify`, which is given the folder as if it
 * were a registry: the image and its signatures lie in one repository there, whatever the signatures
 * say, and no request leaves the machine.
 *
 * Everything in the folder that belongs to the image is hashed, layers too. A folder that cannot be
 * read, or that was tampered with, is a verdict of `unknown`.
 */
export async function verifyLayout(
  folder: string,
  verify: (remote: Remote, reference: Reference) => Promise<Verdict>,
  signal?: AbortSignal,
): Promise<Verdict> {
  let digest: Digest | undefined;
  try {
    const layout = await openLayout(folder, { signal });
    digest = layout.root;
    await checkContents(layout, digest);
    return await verify(layout.remote, { repository: layout.repository, digest });
  } catch (error) {
    return unknownVerdict(error, digest);
  }
}
