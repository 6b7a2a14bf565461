import { MalformedError } from "../base/errors.ts";
import { startSha256 } from "../base/hash.ts";
import { MAX_CHILDREN } from "../base/limits.ts";
import type { Digest } from "../reference/digest.ts";
import type { Place } from "./copy_manifest.ts";
import { fetchManifest } from "./fetch_manifest.ts";
import { type Contents, type Descriptor, parseContents } from "./manifest.ts";
import { openBlob } from "./open_blob.ts";
import { RegistryError } from "./registry_error.ts";

function wrong(digest: Digest, why: string): RegistryError {
  return new RegistryError(why, {
    failure: "invalid-answer",
    request: `read ${digest}`,
    attempts: 1,
  });
}

/** Hash a blob; one that is not there harms nobody. */
async function checkBlob({ remote, repository }: Place, blob: Descriptor): Promise<void> {
  const hash = startSha256();
  try {
    for await (const piece of openBlob(remote, repository, blob)) hash.update(piece);
  } catch (error) {
    if (error instanceof RegistryError && error.failure === "not-found") return;
    throw error;
  }
  const found = `sha256:${hash.hex()}`;
  if (found !== blob.digest) throw wrong(blob.digest, `the bytes hash to ${found}`);
}

/** What a manifest points at; nothing where it is of a form that we do not know. */
function contentsOf(bytes: Uint8Array): Pick<Contents, "blobs" | "children"> {
  try {
    return parseContents(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return { blobs: [], children: [] };
    throw error;
  }
}

/**
 * Read everything that a manifest points at, as far as it is there, and see that all of it is what its
 * digest says: of an index its images too. The manifest itself must be there.
 *
 * A registry checks what it is given; a folder may have been tampered with, and then a signature over
 * the manifest says nothing about the layers beside it.
 *
 * @throws {RegistryError} at the first that is not
 */
export async function checkContents(place: Place, root: Digest): Promise<void> {
  const seen = new Set<Digest>([root]);
  const manifest = await fetchManifest(place.remote, place.repository, root);
  if (manifest === undefined) throw wrong(root, "it is not there");
  const pending = [manifest];
  for (const { bytes } of pending) {
    const { blobs, children } = contentsOf(bytes);
    for (const blob of blobs) {
      if (!seen.has(blob.digest)) await checkBlob(place, blob);
      seen.add(blob.digest);
    }
    for (const { digest } of children) {
      if (seen.has(digest)) continue;
      seen.add(digest);
      if (pending.length > MAX_CHILDREN) {
        throw wrong(root, `more than ${MAX_CHILDREN} manifests in an index`);
      }
      const child = await fetchManifest(place.remote, place.repository, digest);
      // Grows while it is walked.
      if (child !== undefined) pending.push(child);
    }
  }
}
