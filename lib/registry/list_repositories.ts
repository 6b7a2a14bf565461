import * as v from "valibot";
import { parseJson } from "../base/json.ts";
import { parseRepository, type Repository } from "../reference/reference.ts";
import { invalidAnswer } from "./fetch_manifest.ts";
import { listPages } from "./list_pages.ts";
import type { Remote } from "./remote.ts";

const CatalogSchema = v.object({ repositories: v.nullable(v.array(v.string())) });

/**
 * List the repositories of a registry, page by page (distribution's catalog API; many hosted
 * registries do not offer it).
 *
 * @throws {RegistryError}
 */
export async function* listRepositories(
  remote: Remote,
  registry: string,
): AsyncGenerator<Repository, void, undefined> {
  const pages = listPages(remote, {
    repository: { registry, path: "" },
    target: "/v2/_catalog?n=1000",
    actions: "catalog",
    expect: [200],
  });
  for await (const page of pages) {
    let names: readonly string[];
    try {
      names = parseJson("catalog", page.body, CatalogSchema).repositories ?? [];
    } catch (error) {
      throw invalidAnswer("GET", page, (error as Error).message);
    }
    for (const name of names) yield parseRepository(`${registry}/${name}`);
  }
}
