/** The embedded registry's listings: catalogue, tags and referrers, each page by page. */

import { isDigest } from "../reference/digest.ts";
import { MEDIA_TYPES } from "./manifest.ts";
import { answerJson, type MemoryAnswer, refuse } from "./memory_answer.ts";
import { sortedTags, type Store } from "./memory_store.ts";

/** Which list, and which page of it. */
export interface ListCall {
  readonly store: Store;
  readonly path: string;
  readonly query: URLSearchParams;
  /** A page has no more than this, whatever the client asks for. */
  readonly pageSize: number;
}

/**
 * Cut the page that `n` and `last` ask for out of sorted names (OCI distribution spec 1.1,
 * "Listing Tags"), and answer with what `show` makes of it.
 */
function answerPage(
  { path, query, pageSize }: ListCall,
  sorted: readonly string[],
  show: (page: readonly string[]) => unknown,
  headers: Readonly<Record<string, string>> = {},
): MemoryAnswer {
  const asked = query.get("n") ?? String(pageSize);
  if (!/^[0-9]{1,15}$/u.test(asked)) {
    return refuse(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested");
  }
  const size = Math.min(Number(asked), pageSize);
  const last = query.get("last");
  const after = last === null ? 0 : sorted.findIndex((name) => name > last);
  const start = after === -1 ? sorted.length : after;
  const page = sorted.slice(start, start + size);
  const end = page.at(-1);
  if (end === undefined || start + size >= sorted.length) {
    return answerJson(200, show(page), headers);
  }
  const next = new URLSearchParams(query);
  next.set("last", end);
  next.set("n", String(size));
  return answerJson(200, show(page), { ...headers, "link": `<${path}?${next}>; rel="next"` });
}

/** Answer on `/v2/_catalog`. */
export function answerCatalog(call: ListCall): MemoryAnswer {
  return answerPage(call, [...call.store.keys()].sort(), (repositories) => ({ repositories }));
}

/** Answer on `/v2/<name>/tags/list`. */
export function answerTags(call: ListCall, name: string): MemoryAnswer {
  const repository = call.store.get(name);
  if (repository === undefined) {
    return refuse(404, "NAME_UNKNOWN", "repository name not known to registry");
  }
  return answerPage(call, sortedTags(repository), (tags) => ({ name, tags }));
}

/**
 * Answer on `/v2/<name>/referrers/<digest>`. An unknown digest or repository has an empty list: the
 * spec keeps 404 for registries without the API ("Listing Referrers").
 */
export function answerReferrers(call: ListCall, name: string, subject: string): MemoryAnswer {
  if (!isDigest(subject)) return refuse(400, "DIGEST_INVALID", "want sha256 and 64 hex digits");
  const type = call.query.get("artifactType");
  const listed = [...call.store.get(name)?.referrers.get(subject)?.values() ?? []]
    .filter(({ artifactType }) => type === null || artifactType === type);
  const byDigest = new Map<string, unknown>(listed.map((entry) => [entry.digest, entry]));
  const mediaType = MEDIA_TYPES.ociIndex;
  return answerPage(
    call,
    [...byDigest.keys()].sort(),
    (page) => ({
      schemaVersion: 2,
      mediaType,
      manifests: page.map((digest) => byDigest.get(digest)),
    }),
    {
      "content-type": mediaType,
      ...(type === null ? {} : { "oci-filters-applied": "artifactType" }),
    },
  );
}
