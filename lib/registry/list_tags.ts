import * as v from "valibot";
import { parseJson } from "../base/json.ts";
import { MAX_TAGS } from "../base/limits.ts";
import type { Repository } from "../reference/reference.ts";
import { assertRegistrySaysNone, invalidAnswer } from "./fetch_manifest.ts";
import { listPages } from "./list_pages.ts";
import type { Remote } from "./remote.ts";

/** The page size asked for: ECR refuses more. */
const PAGE_SIZE = 1000;

// Some registries write null for a repository whose last tag was deleted.
const TagsSchema = v.object({ tags: v.nullable(v.array(v.string())) });

/**
 * List all tags of a repository, in the registry's order, attachments' tags included; `undefined`
 * where the registry says that there is no such repository.
 *
 * @throws {RegistryError} if any page could not be had: a part of the list is no answer
 */
export async function listTags(
  remote: Remote,
  repository: Repository,
): Promise<readonly string[] | undefined> {
  const tags: string[] = [];
  const pages = listPages(remote, {
    repository,
    target: `/v2/${repository.path}/tags/list?n=${PAGE_SIZE}`,
    expect: [200, 404],
  });
  for await (const page of pages) {
    if (page.status === 404) {
      assertRegistrySaysNone(page);
      return undefined;
    }
    try {
      tags.push(...parseJson("tag list", page.body, TagsSchema).tags ?? []);
    } catch (error) {
      throw invalidAnswer("GET", page, (error as Error).message);
    }
    if (tags.length > MAX_TAGS) throw invalidAnswer("GET", page, `more than ${MAX_TAGS} tags`);
  }
  return tags;
}
