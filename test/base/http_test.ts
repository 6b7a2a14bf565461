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

test("send() gives the pieces of an answer on, and waits for whoever takes them", async () => {
  const taken: string[] = [];
  let busy = false;
  const response = await exchange(
    (_request, response) => {
      response.write("one");
      setTimeout(() => response.end("two"), 20);
    },
    (client, request) =>
      client.send({
        ...request,
        async receive(piece) {
          assert.equal(busy, false);
          busy = true;
          await new Promise((resolve) => setTimeout(resolve, 30));
          taken.push(decodeText(piece));
          busy = false;
        },
      }),
  );
  assert.equal(taken.join(""), "onetwo");
  assert.equal(response.body.length, 0);
});

test("send() keeps an error's body together, and fails if the answer is not wanted", async () => {
  const refuse = (): Promise<void> => Promise.reject(new Error("enough"));
  const response = await exchange(
    (_request, response) => response.writeHead(404).end("no such thing"),
    (client, request) => client.send({ ...request, receive: refuse }),
  );
  assert.equal(decodeText(response.body), "no such thing");
  await assert.rejects(
    exchange(
      (_request, response) => response.end("something"),
      (client, request) => client.send({ ...request, receive: refuse }),
    ),
    failsAs("aborted"),
  );
});

test("send() counts the deadline anew for every piece", async () => {
  const slowly: Answer = (_request, response) => {
    let left = 6;
    const timer = setInterval(() => {
      response.write("x");
      if (--left === 0) response.end(() => clearInterval(timer));
    }, 50);
  };
  const receive = (): Promise<void> => Promise.resolve();
  const response = await exchange(
    slowly,
    (client, request) => client.send({ ...request, deadline: 200, receive }),
  );
  assert.equal(response.status, 200);
  await assert.rejects(
    exchange(
      (_request, response) => void response.write("x"),
      (client, request) => client.send({ ...request, deadline: 100, receive }),
    ),
    failsAs("timeout"),
  );
});

test("send() sends a body piece by piece, and fails if there is an end to it too early", async () => {
  const echo: Answer = (request, response) => void request.pipe(response);
  const upload = async function* (): AsyncGenerator<Uint8Array> {
    for (const word of ["one ", "two ", "three"]) {
      await Promise.resolve();
      yield encodeText(word);
    }
  };
  const put = { method: "PUT", headers: { "content-length": "13" } } as const;
  const response = await exchange(
    echo,
    (client, request) => client.send({ ...request, ...put, upload: upload() }),
  );
  assert.equal(decodeText(response.body), "one two three");
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield encodeText("one ");
    await Promise.reject(new Error("the source broke off"));
  };
  await assert.rejects(
    exchange(echo, (client, request) => client.send({ ...request, ...put, upload: broken() })),
    failsAs("network"),
  );
});

test("send() gives a large answer on to a slow taker, and the sockets their turn", async () => {
  const size = 16 * 1024 * 1024;
  let taken = 0;
  await exchange(
    (_request, response) => response.end(new Uint8Array(size)),
    (client, request) =>
      client.send({
        ...request,
        maxBytes: size,
        async receive(piece) {
          assert.ok(piece.length > 0);
          taken += piece.length;
          await Promise.resolve();
        },
      }),
  );
  assert.equal(taken, size);
});
