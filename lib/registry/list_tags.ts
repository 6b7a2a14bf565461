import * as v from "valibot";
import { parseJson } from "../base/json.ts";
import { MAX_TAGS } from "../base/limits.ts";
import { messageOf } from "../base/errors.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { RegistryError } from "./registry_error.ts";
import { assertRegistrySaysNone, invalidAnswer } from "./fetch_manifest.ts";
import { listPages } from "./list_pages.ts";
import type { Remote } from "./remote.ts";

/** The page size asked for: ECR refuses more. */
const PAGE_SIZE = 1000;

// Some registries write null for a repository whose last tag was deleted.
const TagsSchema = v.object({ tags: v.nullable(v.array(v.string())) });

function tooMany(repository: Repository): RegistryError {
  return new RegistryError(`it has more than ${MAX_TAGS} tags`, {
    failure: "invalid-answer",
    request: `list the tags of ${formatRepository(repository)}`,
    attempts: 1,
  });
}

/** The tags of one listing, followed as far as it has `Link` headers. */
async function* listFrom(
  remote: Remote,
  repository: Repository,
  target: string,
): AsyncGenerator<readonly string[] | undefined, void, undefined> {
  for await (const page of listPages(remote, { repository, target, expect: [200, 404] })) {
    if (page.status === 404) {
      assertRegistrySaysNone(page);
      yield undefined;
      return;
    }
    try {
      yield parseJson("tag list", page.body, TagsSchema).tags ?? [];
    } catch (error) {
      throw invalidAnswer("GET", page, messageOf(error));
    }
  }
}

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
  const address = `/v2/${repository.path}/tags/list?n=${PAGE_SIZE}`;
  const tags = new Set<string>();
  let target = address;
  while (true) {
    const known = tags.size;
    let last: readonly string[] = [];
    for await (const page of listFrom(remote, repository, target)) {
      if (page === undefined) return undefined;
      for (const tag of page) tags.add(tag);
      if (tags.size > MAX_TAGS) throw tooMany(repository);
      last = page;
    }
    // · go-containerregistry's registry cuts the list at what was asked for and sends no Link, and
    // after the last tag it begins anew.
    if (last.length !== PAGE_SIZE || tags.size === known) return [...tags];
    target = `${address}&last=${encodeURIComponent(last.at(-1)!)}`;
  }
}
