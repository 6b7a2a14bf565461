import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { HttpError, type HttpResponse, openHttp } from "../../lib/base/http.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { createMemoryRegistry, type MemoryRegistryOptions } from "../../lib/registry/memory.ts";
import { serveRegistry } from "../../lib/registry/serve.ts";

const HELLO = encodeText("hello");
const HELLO_DIGEST = digestOf(HELLO);
const BLOB = `/v2/team/app/blobs/${HELLO_DIGEST}`;

type Method = "GET" | "HEAD" | "POST" | "PUT";

/** A served registry with one blob, and a client of it; both closed after the test. */
async function served(t: TestContext, options?: MemoryRegistryOptions) {
  const registry = createMemoryRegistry(options);
  registry.putBlob("team/app", HELLO);
  const server = await serveRegistry(registry);
  const http = openHttp({ connections: 4 });
  t.after(async () => {
    await http.close();
    await server.close();
  });
  const ask = (
    method: Method,
    path: string,
    body?: Uint8Array,
    deadline = 5_000,
  ): Promise<HttpResponse> =>
    http.send({
      method,
      url: new URL(path, server.url),
      headers: {},
      maxBytes: 1e6,
      deadline,
      ...(body === undefined ? {} : { body }),
    });
  return { registry, server, ask };
}

test("serveRegistry() listens on a free port of the loopback address", async (t) => {
  const { server, ask } = await served(t);
  assert.match(server.host, /^127\.0\.0\.1:\d+$/u);
  assert.equal(server.url, `http://${server.host}`);
  const answer = await ask("GET", BLOB);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, HELLO);
  assert.equal(answer.headers["docker-content-digest"], HELLO_DIGEST);
});

test("serveRegistry() gives lengths on HEAD, and takes bodies", async (t) => {
  const { registry, ask } = await served(t);
  const head = await ask("HEAD", BLOB);
  assert.equal(head.headers["content-length"], "5");
  assert.equal(head.body.length, 0);
  const body = new Uint8Array(300_000).fill(7);
  const put = await ask("POST", `/v2/new/blobs/uploads/?digest=${digestOf(body)}`, body);
  assert.equal(put.status, 201);
  assert.deepEqual((await ask("GET", `/v2/new/blobs/${digestOf(body)}`)).body, body);
  assert.equal(registry.requests.total, 3);
});

test("serveRegistry() refuses a port that is taken", async (t) => {
  const { registry, server } = await served(t);
  const port = Number(new URL(server.url).port);
  await assert.rejects(serveRegistry(registry, { port }), { code: "EADDRINUSE" });
});

test("a fault resets the connection, cuts the answer short, or never answers", async (t) => {
  const { ask } = await served(t, {
    fault({ url }, proceed) {
      const wire = new URLSearchParams(String(url).split("?")[1]).get("wire");
      return wire === null
        ? undefined
        : { ...proceed(), wire: wire as "reset" | "stall" | "truncate" };
    },
  });
  const fails = (failure: string) => (error: unknown) =>
    error instanceof HttpError && error.failure === failure;
  await assert.rejects(ask("GET", `${BLOB}?wire=reset`), fails("network"));
  await assert.rejects(ask("GET", `${BLOB}?wire=truncate`), fails("network"));
  await assert.rejects(ask("GET", `${BLOB}?wire=stall`, undefined, 100), fails("timeout"));
  assert.equal((await ask("GET", BLOB)).status, 200);
});

test("a fault that throws breaks the connection and not the server", async (t) => {
  let broken = true;
  const { ask } = await served(t, {
    fault() {
      if (broken) throw new Error("broken");
      return undefined;
    },
  });
  await assert.rejects(ask("GET", BLOB), HttpError);
  broken = false;
  assert.equal((await ask("GET", BLOB)).status, 200);
});

test("close() cuts what is open, a stalled answer too", async () => {
  const registry = createMemoryRegistry({
    fault: (_request, proceed) => ({ ...proceed(), wire: "stall" }),
  });
  const server = await serveRegistry(registry);
  const http = openHttp({ connections: 1 });
  const stalled = http.send({
    method: "GET",
    url: new URL("/v2/", server.url),
    headers: {},
    maxBytes: 1000,
    deadline: 5_000,
  });
  const failed = assert.rejects(stalled, { failure: "network" });
  while (registry.requests.total === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.close();
  await failed;
  await http.close();
});
