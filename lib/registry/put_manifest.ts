import { type Digest, digestOf } from "../reference/digest.ts";
import type { Repository } from "../reference/reference.ts";
import { invalidAnswer } from "./fetch_manifest.ts";
import type { Remote } from "./remote.ts";

/** A manifest to store. */
export interface ManifestToPut {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Stored under its digest alone when absent. */
  readonly tag?: string;
  /** Whether to write again after a failure that may pass; always, unless told. */
  readonly repeatIf?: () => Promise<boolean>;
}

/** A manifest that was stored. */
export interface PutManifest {
  readonly digest: Digest;
  /** Whether the registry says that it will list it among the referrers of its subject. */
  readonly listsReferrers: boolean;
}

// distribution on a file system answers so while another writer stores a blob that the manifest
// points to once more: for a moment the link to that blob is an empty file.
const PASSING_CODES: readonly string[] = ["DIGEST_INVALID"];

/**
 * Store a manifest under a tag or its digest. What it points to must be there already.
 *
 * @throws {RegistryError}
 */
export async function putManifest(
  remote: Remote,
  repository: Repository,
  { bytes, mediaType, tag, repeatIf }: ManifestToPut,
): Promise<PutManifest> {
  const digest = digestOf(bytes);
  const response = await remote.request({
    method: "PUT",
    repository,
    target: `/v2/${repository.path}/manifests/${tag ?? digest}`,
    actions: "pull,push",
    headers: { "content-type": mediaType },
    body: bytes,
    expect: [201],
    repeatOn: PASSING_CODES,
    ...(repeatIf === undefined ? {} : { repeatIf }),
  });
  const stored = response.headers["docker-content-digest"];
  if (stored !== undefined && stored !== digest) {
    throw invalidAnswer("PUT", response, `it stored ${stored} instead of ${digest}`);
  }
  // OCI distribution spec 1.1, "Pushing Manifests with Subject".
  return { digest, listsReferrers: response.headers["oci-subject"] !== undefined };
}
