import { MAX_MANIFEST_BYTES } from "../base/limits.ts";
import { type Digest, digestOf, isDigest } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import { ACCEPT_MANIFESTS } from "./manifest.ts";
import { describeRequest, RegistryError } from "./registry_error.ts";
import { readErrorDocument, type RegistryResponse, type Remote } from "./remote.ts";

/** A manifest's bytes with the digest that they hash to. */
export interface FetchedManifest {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly mediaType: string;
}

/** A registry's answer that cannot be believed. */
export function invalidAnswer(
  method: string,
  response: RegistryResponse,
  why: string,
): RegistryError {
  return new RegistryError(why, {
    failure: "invalid-answer",
    request: describeRequest(method, response.url),
    status: response.status,
    attempts: response.attempts,
  });
}

/**
 * Take a 404 for "there is none" only from a registry: an ingress whose backend is away says 404 too,
 * and would make every image look unsigned.
 *
 * @throws {RegistryError} if the answer is no registry's error document
 */
export function assertRegistrySaysNone(response: RegistryResponse, method = "GET"): void {
  if (readErrorDocument(response.body) === undefined) {
    throw invalidAnswer(method, response, "a 404 that is not a registry's (no error document)");
  }
}

/** Whether bytes may be a JSON object, as every manifest is. A login page answered with 200 is none. */
function mayBeManifest(bytes: Uint8Array): boolean {
  return bytes.find((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte)) === 0x7b;
}

/**
 * Fetch a manifest by tag or digest; `undefined` where the registry says that there is none.
 *
 * The bytes are hashed: asked for by digest they must hash to it, and by tag to the digest that the
 * registry names in its answer, if it names one (a cut-off body is so found out).
 *
 * @throws {RegistryError}
 */
export async function fetchManifest(
  remote: Remote,
  repository: Repository,
  reference: string,
): Promise<FetchedManifest | undefined> {
  const response = await remote.request({
    method: "GET",
    repository,
    target: `/v2/${repository.path}/manifests/${reference}`,
    headers: { accept: ACCEPT_MANIFESTS },
    maxBytes: MAX_MANIFEST_BYTES,
    expect: [200, 404],
  });
  if (response.status === 404) {
    assertRegistrySaysNone(response);
    return undefined;
  }
  if (!isDigest(reference) && !mayBeManifest(response.body)) {
    throw invalidAnswer("GET", response, "the answer is no manifest, nor any other JSON object");
  }
  const digest = digestOf(response.body);
  const claimed = isDigest(reference) ? reference : response.headers["docker-content-digest"];
  if (claimed !== undefined && claimed !== digest) {
    throw invalidAnswer("GET", response, `the bytes hash to ${digest}, not to ${claimed}`);
  }
  return { bytes: response.body, digest, mediaType: response.headers["content-type"] ?? "" };
}
