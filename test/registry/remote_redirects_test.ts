import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../lib/reference/digest.ts";
import type { Repository } from "../../lib/reference/reference.ts";
import { fetchBlob } from "../../lib/registry/fetch_blob.ts";
import { createMemoryRegistry, type MemoryRequest } from "../../lib/registry/memory.ts";
import { answer, type MemoryAnswer } from "../../lib/registry/memory_answer.ts";
import { HELLO } from "../support/memory_registry.ts";
import { openTestRemotes, type TestRemote } from "../support/open_test_remote.ts";

const REPOSITORY: Repository = { registry: "registry.example", path: "team/app" };
const BLOB = { mediaType: "text/plain", size: HELLO.length, digest: digestOf(HELLO) };

/** A registry with credentials, and beside it a store of blobs and others that answer as told. */
function setUp(
  location: string,
  others: Readonly<Record<string, (request: MemoryRequest) => MemoryAnswer>> = {},
  status = 307,
): TestRemote & { readonly authorizations: (string | undefined)[] } {
  const registry = createMemoryRegistry({
    auth: { kind: "basic", username: "robot", password: "secret" },
    fault: ({ headers, url }) =>
      headers["authorization"] !== undefined && String(url).includes("/blobs/")
        ? answer(status, { location })
        : undefined,
  });
  const authorizations: (string | undefined)[] = [];
  const origins = Object.fromEntries(
    Object.entries(others).map(([origin, respond]) => [origin, {
      handle(request: MemoryRequest): Promise<MemoryAnswer> {
        authorizations.push(request.headers["authorization"]);
        return Promise.resolve(respond(request));
      },
    }]),
  );
  const opened = openTestRemotes({ "https://registry.example": registry, ...origins }, {
    credentials: () =>
      Promise.resolve({ kind: "basic", username: "robot", password: "secret" } as const),
  });
  return { ...opened, authorizations };
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`fetchBlob() follows a ${status} to another host, without the credentials`, async () => {
    const { remote, authorizations } = setUp("https://cdn.example/x?signature=1", {
      "https://cdn.example": () => answer(200, {}, HELLO),
    }, status);
    assert.deepEqual(await fetchBlob(remote, REPOSITORY, BLOB), HELLO);
    assert.deepEqual(authorizations, [undefined]);
  });
}

test("fetchBlob() follows several redirects, but not round in circles", async () => {
  const hop = (from: number): MemoryAnswer =>
    answer(302, { location: `https://cdn.example/${from + 1}` });
  const to = ({ url }: MemoryRequest): number => Number(String(url).split("/").pop());
  const { remote } = setUp("https://cdn.example/1", {
    "https://cdn.example": (request) => to(request) < 5 ? hop(to(request)) : answer(200, {}, HELLO),
  });
  assert.deepEqual(await fetchBlob(remote, REPOSITORY, BLOB), HELLO);
  const { remote: endless, sent } = setUp("https://cdn.example/1", {
    "https://cdn.example": () => answer(302, { location: "https://cdn.example/1" }),
  });
  await assert.rejects(fetchBlob(endless, REPOSITORY, BLOB), {
    failure: "invalid-answer",
    message: /redirects more than 5 times/u,
  });
  assert.ok(sent.length < 10, `${sent.length} requests`);
});

test("fetchBlob() does not follow from HTTPS to plain HTTP, nor to nowhere", async () => {
  for (const location of ["http://cdn.example/x", "file:///etc/passwd", "http://"]) {
    const { remote, authorizations } = setUp(location, {
      "http://cdn.example": () => answer(200, {}, HELLO),
    });
    await assert.rejects(fetchBlob(remote, REPOSITORY, BLOB), {
      failure: "invalid-answer",
      message: /where we may not follow/u,
    }, location);
    assert.deepEqual(authorizations, [], location);
  }
});

test("fetchBlob() believes no other bytes from wherever it was sent", async () => {
  const { remote } = setUp("https://cdn.example/x", {
    "https://cdn.example": () => answer(200, {}, new Uint8Array(5)),
  });
  await assert.rejects(fetchBlob(remote, REPOSITORY, BLOB), { failure: "invalid-answer" });
});

test("fetchBlob() asks again where the store of blobs is throttled or away", async () => {
  let left = 2;
  const { remote, clock } = setUp("https://cdn.example/x", {
    "https://cdn.example": () => left-- > 0 ? answer(503, {}) : answer(200, {}, HELLO),
  });
  assert.deepEqual(await fetchBlob(remote, REPOSITORY, BLOB), HELLO);
  assert.equal(clock.sleeps.length, 2);
});

test("fetchBlob() does not hand the store's refusal to the authorizer", async () => {
  const { remote, authorizations } = setUp("https://cdn.example/x", {
    "https://cdn.example": () => answer(401, { "www-authenticate": 'Basic realm="mine"' }),
  });
  await assert.rejects(fetchBlob(remote, REPOSITORY, BLOB), {
    failure: "unauthorized",
    status: 401,
  });
  assert.deepEqual(authorizations, [undefined]);
});
