import { MAX_SIGNATURES } from "../base/limits.ts";
import { type Digest, digestOf } from "../reference/digest.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { referrersTag } from "../reference/triangulate.ts";
import { fetchManifest, invalidAnswer } from "./fetch_manifest.ts";
import { listPages } from "./list_pages.ts";
import { type Descriptor, MEDIA_TYPES, parseIndex } from "./manifest.ts";
import { readErrorDocument, type RegistryResponse, type Remote } from "./remote.ts";

/** The referrers of one digest. */
export interface Referrers {
  readonly descriptors: readonly Descriptor[];
  /** Whether there were more than may be on one image, and the rest was not read. */
  readonly truncated: boolean;
  /**
   * Those that the registry's own API lists. What only the fallback tag lists, some client wrote there,
   * and nobody takes it away when the manifest is deleted.
   */
  readonly byApi?: ReadonlySet<Digest>;
}

const NONE: Referrers = { descriptors: [], truncated: false };

/** How the registry answered a question to the referrers API. */
function readApiAnswer(response: RegistryResponse): "list" | "no-api" | "not-here" {
  if (response.status === 200) {
    const mediaType = (response.headers["content-type"] ?? "").split(";")[0]!.trim();
    return mediaType === MEDIA_TYPES.ociIndex ? "list" : "no-api";
  }
  // A registry that has the API may still answer 404 where the repository is missing.
  const code = readErrorDocument(response.body)?.code;
  return code === "NAME_UNKNOWN" || code === "MANIFEST_UNKNOWN" ? "not-here" : "no-api";
}

function readIndex(bytes: Uint8Array, response?: RegistryResponse): readonly Descriptor[] {
  try {
    return parseIndex(bytes).manifests;
  } catch (error) {
    if (response === undefined) throw error;
    throw invalidAnswer("GET", response, (error as Error).message);
  }
}

/** The referrers that the API lists, or why it does not answer for this digest. */
async function askApi(
  remote: Remote,
  repository: Repository,
  digest: Digest,
): Promise<Referrers | "no-api" | "not-here"> {
  const name = formatRepository(repository);
  const descriptors: Descriptor[] = [];
  const pages = listPages(remote, {
    repository,
    target: `/v2/${repository.path}/referrers/${digest}`,
    headers: { accept: MEDIA_TYPES.ociIndex },
    // What registries without the API answer: distribution 404, others 400, 405, 406 or 501.
    expect: [200, 400, 404, 405, 406, 501],
  });
  for await (const page of pages) {
    const answer = readApiAnswer(page);
    if (answer === "not-here") return answer;
    if (answer === "no-api") {
      // An ingress whose backend is away says 404 as well, and would make every image unsigned.
      if (remote.referrersApi.get(name) === true) {
        throw invalidAnswer("GET", page, "the referrers API was here before, and now is not");
      }
      return answer;
    }
    remote.referrersApi.set(name, true);
    descriptors.push(...readIndex(page.body, page));
    if (descriptors.length > MAX_SIGNATURES) return { descriptors: [], truncated: true };
  }
  return { descriptors, truncated: false };
}

/**
 * The referrers that the fallback tag's index lists (OCI distribution spec 1.1, "Referrers Tag
 * Schema").
 *
 * @throws {RegistryError}
 * @throws {MalformedError} if what the tag names is no index
 */
export async function fetchReferrersTag(
  remote: Remote,
  repository: Repository,
  digest: Digest,
): Promise<{ readonly descriptors: readonly Descriptor[]; readonly digest?: Digest }> {
  const manifest = await fetchManifest(remote, repository, referrersTag(digest));
  // · cosign copy lets the tag name the image itself.
  if (manifest === undefined || manifest.digest === digest) return NONE;
  return { descriptors: readIndex(manifest.bytes), digest: digestOf(manifest.bytes) };
}

/** What is known beforehand about a repository's tags. */
export interface ReferrersOptions {
  /** Whether the fallback tag is known to be there, or not to be; unknown when absent. */
  readonly hasFallbackTag?: boolean | undefined;
}

async function list(
  remote: Remote,
  repository: Repository,
  digest: Digest,
  { hasFallbackTag }: ReferrersOptions,
): Promise<Referrers> {
  const name = formatRepository(repository);
  const answer = remote.referrersApi.get(name) === false
    ? undefined
    : await askApi(remote, repository, digest);
  const listed = typeof answer === "string" ? undefined : answer;
  // An image may have been signed before its registry got the API: the fallback tag is asked where it
  // is known to be, and before an image is said to have no referrers. And when the API was just found
  // missing it is asked in any case: the answer shows that it was the registry that said so.
  const found = listed !== undefined && (listed.truncated || listed.descriptors.length > 0);
  const settled = hasFallbackTag === false || hasFallbackTag === undefined && found;
  const byApi = new Set(listed?.descriptors.map(({ digest }) => digest));
  if (settled && answer !== "no-api") return { ...listed ?? NONE, byApi };
  const tagged = (await fetchReferrersTag(remote, repository, digest)).descriptors;
  if (answer === "no-api") remote.referrersApi.set(name, false);
  const descriptors = new Map(
    [...listed?.descriptors ?? [], ...tagged].map((found) => [found.digest, found]),
  );
  return listed?.truncated === true || descriptors.size > MAX_SIGNATURES
    ? { descriptors: [], truncated: true }
    : { descriptors: [...descriptors.values()], truncated: false, byApi };
}

/**
 * List what refers to a digest: by the referrers API, or by the fallback tag where the registry lacks
 * it. Whether it does is learned once a repository. Nothing is filtered: tools have written wrong
 * artifact types into descriptors.
 *
 * @throws {RegistryError}
 * @throws {MalformedError} if what the fallback tag names is no index
 */
export async function listReferrers(
  remote: Remote,
  repository: Repository,
  digest: Digest,
  options: ReferrersOptions = {},
): Promise<Referrers> {
  const name = formatRepository(repository);
  // Without a wait where there is nothing to wait for: who comes first must be seen at once.
  const learned = remote.learningReferrersApi.get(name);
  if (learned !== undefined) await learned;
  const listing = list(remote, repository, digest, options);
  if (!remote.referrersApi.has(name)) {
    // One request finds out; those of the same repository that come meanwhile wait for it.
    const learning = listing.then(() => {}, () => {});
    remote.learningReferrersApi.set(name, learning);
    void learning.then(() => remote.learningReferrersApi.delete(name));
  }
  return await listing;
}
