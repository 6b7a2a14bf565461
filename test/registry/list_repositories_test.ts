import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRepository } from "../../lib/reference/reference.ts";
import { listRepositories } from "../../lib/registry/list_repositories.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { answerJson } from "../../lib/registry/memory_answer.ts";
import { collect } from "../support/collect.ts";
import { ABSENT_DIGEST } from "../support/memory_registry.ts";
import { HOST, openTestRemote } from "../support/open_test_remote.ts";

test("listRepositories() lists a registry's repositories, page by page", async () => {
  const registry = createMemoryRegistry({ pageSize: 2 });
  const names = ["a", "team/app", "team/web", "z/y/x", "zz"];
  for (const name of names) registry.setTag(name, "1.0", ABSENT_DIGEST);
  const found = await collect(listRepositories(openTestRemote(registry).remote, HOST));
  assert.deepEqual(found.map(formatRepository), names.map((name) => `${HOST}/${name}`));
});

test("listRepositories() asks for the scope of the catalogue", async () => {
  const registry = createMemoryRegistry({ auth: { kind: "bearer" } });
  registry.setTag("a", "1.0", ABSENT_DIGEST);
  const { remote, sent } = openTestRemote(registry);
  assert.equal((await collect(listRepositories(remote, HOST))).length, 1);
  assert.ok(sent.some(({ url }) => url.searchParams.get("scope") === "registry:catalog:*"));
});

test("listRepositories() takes null for none, and refuses what is no catalogue", async () => {
  const list = (body: unknown) => {
    const { remote } = openTestRemote({ handle: () => Promise.resolve(answerJson(200, body)) });
    return collect(listRepositories(remote, HOST));
  };
  assert.deepEqual(await list({ repositories: null }), []);
  await assert.rejects(list({ repositories: {} }), { failure: "invalid-answer" });
  await assert.rejects(list({}), { failure: "invalid-answer" });
});

test("listRepositories() says so where a registry has no catalogue", async () => {
  const { remote } = openTestRemote({ handle: () => Promise.resolve(answerJson(404, {})) });
  await assert.rejects(collect(listRepositories(remote, HOST)), { failure: "not-found" });
});
