import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryRegistry, type Fault } from "../../lib/registry/memory.ts";
import { answer, refuse } from "../../lib/registry/memory_answer.ts";
import { fetchBlob } from "../../lib/registry/fetch_blob.ts";
import { putBlob } from "../../lib/registry/put_blob.ts";
import { createSwitch, TROUBLES } from "../support/faults.ts";
import { HELLO, HELLO_DIGEST } from "../support/memory_registry.ts";
import { APP } from "../support/images.ts";
import { openTestRemote, openTestRemotes } from "../support/open_test_remote.ts";

function setUp(fault?: Fault) {
  const registry = createMemoryRegistry(fault === undefined ? {} : { fault });
  const { remote } = openTestRemote(registry);
  const read = () =>
    fetchBlob(remote, APP, { mediaType: "x", size: HELLO.length, digest: HELLO_DIGEST });
  const writes = () => registry.requests.recent.filter(({ method }) => method !== "GET");
  return { registry, remote, read, writes };
}

test("putBlob() stores a blob under its digest", async () => {
  const { remote, read, writes } = setUp();
  assert.equal(await putBlob(remote, APP, HELLO), HELLO_DIGEST);
  assert.deepEqual(await read(), HELLO);
  assert.deepEqual(writes().map(({ method }) => method), ["POST", "PUT"]);
});

test("putBlob() does not store again what this run has stored there", async () => {
  const { remote, writes } = setUp();
  await putBlob(remote, APP, HELLO);
  await putBlob(remote, APP, HELLO);
  assert.equal(writes().length, 2);
  await putBlob(remote, { ...APP, path: "team/other" }, HELLO);
  assert.equal(writes().length, 4, "another repository needs its own");
});

test("putBlob() keeps the query of the upload's address", async () => {
  const { remote, writes } = setUp(({ method }, proceed) => {
    if (method !== "POST") return undefined;
    const right = proceed();
    const location = `${right.headers["location"]}?_state=a%2Bb`;
    return { ...right, headers: { ...right.headers, location } };
  });
  await putBlob(remote, APP, HELLO);
  assert.match(writes()[1]!.path, /\?_state=a%2Bb&digest=sha256%3A/u);
});

test("putBlob() tries again after trouble on either request", async () => {
  for (const pattern of [/^POST/u, /^PUT/u]) {
    for (const name of ["429", "503", "reset"] as const) {
      const trouble = createSwitch();
      trouble.set(pattern, TROUBLES[name], 2);
      const { remote, read } = setUp(trouble.fault);
      await putBlob(remote, APP, HELLO);
      assert.deepEqual(await read(), HELLO, `${pattern} ${name}`);
    }
  }
});

test("putBlob() does not take a refused blob for a stored one", async () => {
  const trouble = createSwitch();
  trouble.set(/^PUT/u, TROUBLES["403"]);
  const { remote, read } = setUp(trouble.fault);
  await assert.rejects(putBlob(remote, APP, HELLO), { failure: "unauthorized", status: 403 });
  trouble.clear();
  await putBlob(remote, APP, HELLO);
  assert.deepEqual(await read(), HELLO);
});

test("putBlob() refuses an upload without an address, or with one it may not follow", async () => {
  for (const headers of [{}, { location: "http://elsewhere.example/upload" }]) {
    const { remote } = setUp(({ method }) => method === "POST" ? answer(202, headers) : undefined);
    await assert.rejects(putBlob(remote, APP, HELLO), { failure: "invalid-answer" });
  }
});

test("putBlob() uploads to another host without the credentials", async () => {
  const auth = { kind: "basic", username: "robot", password: "secret" } as const;
  const registry = createMemoryRegistry({
    auth,
    fault: ({ method, headers }) =>
      method === "POST" && headers["authorization"] !== undefined
        ? answer(202, { location: "https://store.example/upload/1?key=x" })
        : undefined,
  });
  const { remote, sent } = openTestRemotes({
    "https://registry.example": registry,
    "https://store.example": { handle: () => Promise.resolve(answer(201, {})) },
  }, { credentials: () => Promise.resolve(auth) });
  await putBlob(remote, { registry: "registry.example", path: "team/app" }, HELLO);
  const upload = sent.at(-1);
  assert.deepEqual([upload?.url.host, upload?.headers["authorization"]], [
    "store.example",
    undefined,
  ]);
});

test("putBlob() gives up on a registry that forgets every upload", async () => {
  const { remote, writes } = setUp(({ method }) =>
    method === "PUT" ? refuse(404, "BLOB_UPLOAD_UNKNOWN", "no such upload") : undefined
  );
  await assert.rejects(putBlob(remote, APP, HELLO), { failure: "invalid-answer", status: 404 });
  assert.equal(writes().length, 6);
});
