import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { listTags } from "../../lib/registry/list_tags.ts";
import { createMemoryRegistry, type Fault } from "../../lib/registry/memory.ts";
import { answer, answerJson, refuse } from "../../lib/registry/memory_answer.ts";
import type { Remote } from "../../lib/registry/remote.ts";
import { TROUBLES } from "../support/faults.ts";
import { ABSENT_DIGEST } from "../support/memory_registry.ts";
import { APP } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

function open(fault?: Fault, pageSize = 1000): Remote {
  const registry = createMemoryRegistry({ pageSize, ...fault && { fault } });
  for (let tag = 0; tag < 25; tag++) registry.setTag(APP.path, `v${tag}`, ABSENT_DIGEST);
  return openTestRemote(registry).remote;
}

test("listTags() lists all tags, over as many pages as it takes", async () => {
  const whole = await listTags(open(), APP);
  assert.equal(whole?.length, 25);
  for (const size of [1, 7, 24, 25, 26]) {
    assert.deepEqual(await listTags(open(undefined, size), APP), whole, `pages of ${size}`);
  }
});

test("listTags() gives nothing where the registry says that there is no such repository", async () => {
  assert.equal(await listTags(open(), { ...APP, path: "no/such" }), undefined);
});

test("listTags() does not believe a 404 that is no registry's", async () => {
  const remote = open(() => answer(404, {}, encodeText("default backend - 404")));
  await assert.rejects(listTags(remote, APP), { failure: "invalid-answer" });
});

test("listTags() takes null for no tags", async () => {
  for (const body of [{ name: "x", tags: null }, { tags: [] }]) {
    assert.deepEqual(await listTags(open(() => answerJson(200, body)), APP), []);
  }
});

test("listTags() refuses what is no list of tags", async () => {
  for (const body of [{ tags: "1.0" }, { tags: [1] }, { name: "x" }, [], "x", null]) {
    await assert.rejects(listTags(open(() => answerJson(200, body)), APP), {
      failure: "invalid-answer",
    });
  }
});

test("listTags() gives no part of a list where a later page cannot be had", async () => {
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    const remote = open(
      ({ url }, proceed) => String(url).includes("last=") ? trouble(proceed) : undefined,
      10,
    );
    await assert.rejects(listTags(remote, APP), { code: "REGISTRY" }, name);
  }
  // Deleted while it was read: what was listed so far is no answer either.
  const gone = open(
    ({ url }) => String(url).includes("last=") ? refuse(404, "NAME_UNKNOWN", "no such") : undefined,
    10,
  );
  await assert.rejects(listTags(gone, APP), { code: "REGISTRY", status: 404 });
});

test("listTags() goes on where a registry cuts its list and sends no Link", async () => {
  const all = Array.from({ length: 2500 }, (_, index) => `t${String(index).padStart(4, "0")}`);
  const queries: string[] = [];
  // As go-containerregistry's registry does: after the last tag it begins anew.
  const cut = ({ url }: { readonly url: string | URL }) => {
    const { pathname, search, searchParams } = new URL(String(url), "http://x");
    if (!pathname.endsWith("/tags/list")) return undefined;
    queries.push(search);
    const last = searchParams.get("last");
    const from = last === null ? 0 : all.findIndex((tag) => tag > last);
    const tags = all.slice(Math.max(from, 0)).slice(0, Number(searchParams.get("n")));
    return answerJson(200, { tags });
  };
  assert.deepEqual(await listTags(open(cut), APP), all);
  assert.deepEqual(queries.length, 3);
  all.length = 1000;
  assert.deepEqual(await listTags(open(cut), APP), all);
  assert.deepEqual(queries.length, 5, "a full page is asked for its successor");
});
