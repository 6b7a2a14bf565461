import { digestOf } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import { assertRegistrySaysNone, invalidAnswer } from "./fetch_manifest.ts";
import type { Descriptor } from "./manifest.ts";
import type { Remote } from "./remote.ts";

/**
 * Fetch the blob that a descriptor names; `undefined` where the registry says that there is none.
 * No more than the descriptor's size is read, and the bytes must hash to its digest.
 *
 * @throws {RegistryError}
 */
export async function fetchBlob(
  remote: Remote,
  repository: Repository,
  { digest, size }: Descriptor,
): Promise<Uint8Array | undefined> {
  const response = await remote.request({
    method: "GET",
    repository,
    target: `/v2/${repository.path}/blobs/${digest}`,
    // An error document may be larger than a small blob.
    maxBytes: Math.max(size, 64 * 1024),
    expect: [200, 404],
  });
  if (response.status === 404) {
    assertRegistrySaysNone(response);
    return undefined;
  }
  const found = digestOf(response.body);
  if (found !== digest) {
    throw invalidAnswer("GET", response, `the bytes hash to ${found}, not to ${digest}`);
  }
  return response.body;
}
