import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import {
  type HttpClient,
  HttpError,
  type HttpFailure,
  type HttpRequest,
  openHttp,
} from "../../lib/base/http.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Ask a server that answers with `answer`. */
async function exchange<Result>(
  answer: Answer,
  ask: (client: HttpClient, request: HttpRequest) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = openHttp({ connections: 2, signal });
  const { port } = server.address() as AddressInfo;
  try {
    return await ask(client, {
      method: "GET",
      url: new URL(`http://127.0.0.1:${port}/path?query=1`),
      headers: {},
      maxBytes: 1000,
      deadline: 5000,
    });
  } finally {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function failsAs(failure: HttpFailure): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof HttpError);
    assert.equal(error.failure, failure);
    return true;
  };
}

test("send() sends method, path, query, headers and body, and reads the answer", async () => {
  let seen = "";
  const response = await exchange(
    (request, response) => {
      request.setEncoding("utf8");
      let body = "";
      request.on("data", (text: string) => body += text).on("end", () => {
        seen = `${request.method} ${request.url} ${request.headers["x-one"]} ${body}`;
        response.writeHead(201, { "X-Two": ["a", "b"], "Content-Type": "text/plain" });
        response.end("answer");
      });
    },
    (client, request) =>
      client.send({ ...request, method: "PUT", headers: { "x-one": "1" }, body: encodeText("hi") }),
  );
  assert.equal(seen, "PUT /path?query=1 1 hi");
  assert.equal(response.status, 201);
  assert.equal(response.headers["x-two"], "a, b");
  assert.equal(response.headers["content-type"], "text/plain");
  assert.equal(decodeText(response.body), "answer");
});

test("send() does not follow redirects", async () => {
  const { status, headers } = await exchange(
    (_, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
    (client, request) => client.send(request),
  );
  assert.deepEqual([status, headers["location"]], [302, "/elsewhere"]);
});

test("send() reads as many bytes as allowed, and cuts off a larger answer", async () => {
  const answer: Answer = (_, response) => response.end("x".repeat(1000));
  const response = await exchange(answer, (client, request) => client.send(request));
  assert.equal(response.body.length, 1000);
  await assert.rejects(
    exchange(answer, (client, request) => client.send({ ...request, maxBytes: 999 })),
    failsAs("too-large"),
  );
});

test("send() cuts off an answer that has no end", async () => {
  await assert.rejects(
    exchange((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(4096)));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    }, (client, request) => client.send({ ...request, maxBytes: 100_000 })),
    failsAs("too-large"),
  );
});

test("send() gives up at the deadline, before the answer and within it", async () => {
  const silent: Answer = () => {};
  const slow: Answer = (_, response) => void response.write("begun");
  for (const answer of [silent, slow]) {
    await assert.rejects(
      exchange(answer, (client, request) => client.send({ ...request, deadline: 50 })),
      failsAs("timeout"),
    );
  }
});

test("send() fails where the connection breaks, before the answer and within it", async () => {
  const reset: Answer = (request) => request.socket.destroy();
  const short: Answer = (request, response) => {
    response.writeHead(200, { "content-length": "10" });
    response.write("12345", () => request.socket.destroy());
  };
  const chunked: Answer = (request, response) => {
    response.write("12345", () => request.socket.destroy());
  };
  for (const answer of [reset, short, chunked]) {
    await assert.rejects(
      exchange(answer, (client, request) => client.send(request)),
      failsAs("network"),
    );
  }
});

test("send() stops when its signal is aborted", async () => {
  const abort = new AbortController();
  await assert.rejects(
    exchange(
      () => abort.abort(new Error("enough")),
      (client, request) => client.send(request),
      abort.signal,
    ),
    failsAs("aborted"),
  );
  await assert.rejects(
    exchange(
      () => assert.fail("it was sent"),
      (client, request) => client.send(request),
      abort.signal,
    ),
    failsAs("aborted"),
  );
});

test("send() fails where nobody listens", async () => {
  const client = openHttp({ connections: 1 });
  const request: HttpRequest = {
    method: "GET",
    url: new URL("http://127.0.0.1:1/"),
    headers: {},
    maxBytes: 10,
    deadline: 5000,
  };
  await assert.rejects(client.send(request), failsAs("network"));
  await client.close();
});

test("send() gives every one of many requests at once its own answer", async () => {
  await exchange((request, response) => response.end(request.url), async (client, request) => {
    const bodies = await Promise.all(Array.from({ length: 50 }, async (_, index) => {
      const url = new URL(`/${index}`, request.url);
      return decodeText((await client.send({ ...request, url })).body);
    }));
    assert.deepEqual(bodies, Array.from({ length: 50 }, (_, index) => `/${index}`));
  });
});
