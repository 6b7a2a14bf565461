import { encodeText } from "../base/bytes.ts";
import { type Digest, digestOf } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import { assertRegistrySaysNone, invalidAnswer } from "./fetch_manifest.ts";
import { describeRequest, RegistryError } from "./registry_error.ts";
import { readErrorDocument, type RegistryResponse, type Remote } from "./remote.ts";

/**
 * Ask a registry to delete what a tag or digest names. Besides success the answer may be 404, said by
 * the registry itself, or 400 or 405 where it does not delete (OCI distribution spec 1.1, "Content
 * Management").
 *
 * @throws {RegistryError}
 */
export async function requestDeletion(
  remote: Remote,
  repository: Repository,
  reference: string,
  repeatIf?: () => Promise<boolean>,
): Promise<RegistryResponse> {
  const response = await remote.request({
    method: "DELETE",
    repository,
    target: `/v2/${repository.path}/manifests/${reference}`,
    actions: "delete",
    expect: [200, 202, 204, 400, 404, 405],
    ...(repeatIf === undefined ? {} : { repeatIf }),
  });
  if (response.status === 404) assertRegistrySaysNone(response, "DELETE");
  if (response.status === 200 && /^text\/html/iu.test(response.headers["content-type"] ?? "")) {
    throw invalidAnswer("DELETE", response, "the answer is a web page");
  }
  return response;
}

function refusal({ status, url, body, attempts }: RegistryResponse): RegistryError {
  const { code, message = "" } = readErrorDocument(body) ?? {};
  const isUnsupported = status === 405 || code === "UNSUPPORTED";
  const answer = code === undefined ? String(status) : `${status} ${code}: ${message}`;
  return new RegistryError(
    isUnsupported ? `the registry does not let its clients delete (${answer})` : answer,
    {
      failure: isUnsupported ? "unsupported" : "invalid-answer",
      request: describeRequest("DELETE", url),
      status,
      attempts,
      registryCode: code,
    },
  );
}

/**
 * Delete a manifest. Registries delete with it the tags that name it.
 *
 * @returns whether it was there
 * @throws {RegistryError} also where the registry does not delete: its failure is "unsupported"
 */
export async function deleteManifest(
  remote: Remote,
  repository: Repository,
  digest: Digest,
): Promise<boolean> {
  const response = await requestDeletion(remote, repository, digest);
  if (response.status === 400 || response.status === 405) throw refusal(response);
  return response.status !== 404;
}

/** The digest of no manifest. */
const NO_MANIFEST = digestOf(encodeText("Does this registry delete manifests?"));

/**
 * Make sure that a registry deletes manifests, before something is done that deletion completes: one
 * that does not says so of what is not there too.
 *
 * @throws {RegistryError} if it does not
 */
export async function assertDeletes(remote: Remote, repository: Repository): Promise<void> {
  await deleteManifest(remote, repository, NO_MANIFEST);
}
