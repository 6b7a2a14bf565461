import { openChannel } from "../base/channel.ts";
import type { Repository } from "../reference/reference.ts";
import type { Descriptor } from "./manifest.ts";
import { RegistryError } from "./registry_error.ts";
import type { Remote } from "./remote.ts";

/**
 * Read a blob piece by piece, as fast as the pieces are taken. No more than the descriptor's size is
 * read, but whether the bytes hash to its digest is for the reader to check.
 *
 * @throws {RegistryError} also where the registry says that there is no such blob, and where the blob
 * breaks off
 */
export async function* openBlob(
  remote: Remote,
  repository: Repository,
  { digest, size }: Descriptor,
): AsyncGenerator<Uint8Array, void, undefined> {
  const channel = openChannel<Uint8Array>();
  const exchange = remote.request({
    method: "GET",
    repository,
    target: `/v2/${repository.path}/blobs/${digest}`,
    // An error document may be larger than a small blob.
    maxBytes: Math.max(size, 64 * 1024),
    receive: channel.push,
    expect: [200],
  }).then(channel.end, channel.fail);
  let length = 0;
  for await (const piece of channel.items) {
    length += piece.length;
    if (length > size) {
      throw new RegistryError(`the blob is larger than the ${size} bytes that it should have`, {
        failure: "invalid-answer",
        request: `read blob ${digest}`,
        attempts: 1,
      });
    }
    yield piece;
  }
  await exchange;
}
