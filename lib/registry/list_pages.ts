import { MAX_PAGE_BYTES, MAX_PAGES } from "../base/limits.ts";
import { invalidAnswer } from "./fetch_manifest.ts";
import type { RegistryRequest, RegistryResponse, Remote } from "./remote.ts";
import { followLocation } from "./transport.ts";

/**
 * Read the address of the next page from a `Link` header (RFC 8288): `<URL>; rel="next"`.
 *
 * @returns the address as it stands in the header, or `undefined` where there is no next page
 */
export function parseNextLink(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  for (const link of header.matchAll(/<([^<>]*)>([^<]*)/gu)) {
    if (/;\s*rel\s*=\s*(?:"next"|next\b)/iu.test(link[2]!)) return link[1];
  }
  return undefined;
}

/**
 * Fetch a listing page by page, following `Link` headers on the same registry (OCI distribution spec
 * 1.1, "Listing Tags"). The first answer is given whatever its status, the others must be 200.
 *
 * @throws {RegistryError} also when the pages go round in circles or lead to another host
 */
export async function* listPages(
  remote: Remote,
  request: Omit<RegistryRequest, "method" | "maxBytes">,
): AsyncGenerator<RegistryResponse, void, undefined> {
  const seen = new Set<string>();
  let target: string | URL = request.target;
  let expect = request.expect;
  for (let page = 1;; page++) {
    const response: RegistryResponse = await remote.request({
      ...request,
      method: "GET",
      target,
      maxBytes: MAX_PAGE_BYTES,
      expect,
    });
    yield response;
    const link = parseNextLink(response.headers["link"]);
    if (link === undefined || response.status !== 200) return;
    const next = followLocation(link, response.url);
    if (next?.host !== response.url.host) {
      throw invalidAnswer("GET", response, "its Link header leads to where we may not follow");
    }
    if (seen.has(next.href)) {
      throw invalidAnswer("GET", response, "its Link headers go round in circles");
    }
    if (page === MAX_PAGES) {
      throw invalidAnswer("GET", response, `its list has more than ${MAX_PAGES} pages`);
    }
    seen.add(next.href);
    target = next;
    expect = [200];
  }
}
