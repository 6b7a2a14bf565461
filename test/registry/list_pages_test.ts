import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_PAGES } from "../../lib/base/limits.ts";
import { listPages, parseNextLink } from "../../lib/registry/list_pages.ts";
import { answerJson } from "../../lib/registry/memory_answer.ts";
import { RegistryError } from "../../lib/registry/registry_error.ts";
import { APP } from "../support/images.ts";
import { collect } from "../support/collect.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

test("parseNextLink() reads the next page's address", () => {
  const good: readonly string[] = [
    '</v2/x/tags/list?n=1&last=a>; rel="next"',
    "</v2/x/tags/list?n=1&last=a>; rel=next",
    '</v2/x/tags/list?n=1&last=a>; type="x"; REL="next"',
    '</first>; rel="first", </v2/x/tags/list?n=1&last=a>; rel="next"',
    '</v2/x/tags/list?n=1&last=a>;rel="next", </last>; rel="last"',
  ];
  for (const header of good) {
    assert.equal(parseNextLink(header), "/v2/x/tags/list?n=1&last=a", header);
  }
});

test("parseNextLink() finds nothing where there is no next page", () => {
  const none = [undefined, "", "</x>", '</x>; rel="prev"', "</x>; rel=nextish", '/x; rel="next"'];
  for (const header of none) assert.equal(parseNextLink(header), undefined, String(header));
});

/** The queries of the pages of a registry that answers each with a link, or with none. */
async function pagesOf(link: (query: string) => string | undefined): Promise<string[]> {
  const { remote } = openTestRemote({
    handle({ url }) {
      const next = link(new URL(String(url)).search);
      return Promise.resolve(answerJson(200, {}, next === undefined ? {} : { link: next }));
    },
  });
  const request = { repository: APP, target: "/v2/team/app/tags/list", expect: [200] };
  return (await collect(listPages(remote, request))).map(({ url }) => url.search);
}

test("listPages() follows links to the last page", async () => {
  const next: Readonly<Record<string, string>> = {
    "": '<?page=2>; rel="next"',
    "?page=2": '</v2/team/app/tags/list?page=3>; rel="next"',
    "?page=3": '<http://localhost:5000/v2/team/app/tags/list?page=4>; rel="next"',
  };
  assert.deepEqual(await pagesOf((query) => next[query]), ["", "?page=2", "?page=3", "?page=4"]);
});

test("listPages() refuses links that go round in circles", async () => {
  await assert.rejects(pagesOf(() => '<?page=2>; rel="next"'), {
    failure: "invalid-answer",
    message: /round in circles/u,
  });
  await assert.rejects(pagesOf((query) => `<?page=${query === "?page=2" ? 3 : 2}>; rel="next"`), {
    failure: "invalid-answer",
  });
});

test("listPages() refuses links to another host", async () => {
  const links = ["https://elsewhere.example/x", "//elsewhere.example/x", "http://127.0.0.1:1/"];
  for (const link of links) {
    await assert.rejects(pagesOf(() => `<${link}>; rel="next"`), {
      failure: "invalid-answer",
      message: /where we may not follow/u,
    }, link);
  }
});

test("listPages() comes to an end with a registry that does not", async () => {
  let pages = 0;
  await assert.rejects(pagesOf(() => `<?page=${++pages}>; rel="next"`), (error: unknown) => {
    // Only this repository is in doubt: it must not end a fleet's run.
    assert.ok(error instanceof RegistryError);
    assert.equal(error.failure, "invalid-answer");
    return true;
  });
  // And one question to find out that it speaks plain HTTP.
  assert.equal(pages, MAX_PAGES + 1);
});
