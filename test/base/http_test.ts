import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import {
  type HttpClient,
  HttpError,
  type HttpFailure,
  type HttpOptions,
  type HttpRequest,
  openHttp,
} from "../../lib/base/http.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The clients behind send(), each by the number of requests before undici is loaded. */
const CLIENTS = { "the platform's client": Infinity, undici: 0 } as const;

/** Make a test of each client. */
function testEach(name: string, check: (ask: typeof exchange) => Promise<void>): void {
  for (const [client, requestsBefore] of Object.entries(CLIENTS)) {
    test(`${name} (${client})`, () =>
      check((answer, ask, options) => exchange(answer, ask, { ...options, requestsBefore })));
  }
}

/** Ask a server that answers with `answer`. */
async function exchange<Result>(
  answer: Answer,
  ask: (client: HttpClient, request: HttpRequest) => Promise<Result>,
  options: Partial<HttpOptions> = {},
): Promise<Result> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = openHttp({ connections: 2, ...options });
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

testEach(
  "send() sends method, path, query, headers and body, and reads the answer",
  async (exchange) => {
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
        client.send({
          ...request,
          method: "PUT",
          headers: { "x-one": "1" },
          body: encodeText("hi"),
        }),
    );
    assert.equal(seen, "PUT /path?query=1 1 hi");
    assert.equal(response.status, 201);
    assert.equal(response.headers["x-two"], "a, b");
    assert.equal(response.headers["content-type"], "text/plain");
    assert.equal(decodeText(response.body), "answer");
  },
);

testEach("send() does not follow redirects", async (exchange) => {
  const { status, headers } = await exchange(
    (_, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
    (client, request) => client.send(request),
  );
  assert.deepEqual([status, headers["location"]], [302, "/elsewhere"]);
});

testEach(
  "send() reads as many bytes as allowed, and cuts off a larger answer",
  async (exchange) => {
    const answer: Answer = (_, response) => response.end("x".repeat(1000));
    const response = await exchange(answer, (client, request) => client.send(request));
    assert.equal(response.body.length, 1000);
    await assert.rejects(
      exchange(answer, (client, request) => client.send({ ...request, maxBytes: 999 })),
      failsAs("too-large"),
    );
  },
);

testEach("send() cuts off an answer that has no end", async (exchange) => {
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

testEach("send() gives up at the deadline, before the answer and within it", async (exchange) => {
  const silent: Answer = () => {};
  const slow: Answer = (_, response) => void response.write("begun");
  for (const answer of [silent, slow]) {
    await assert.rejects(
      exchange(answer, (client, request) => client.send({ ...request, deadline: 50 })),
      failsAs("timeout"),
    );
  }
});

testEach(
  "send() fails where the connection breaks, before the answer and within it",
  async (exchange) => {
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
  },
);

testEach("send() stops when its signal is aborted", async (exchange) => {
  const abort = new AbortController();
  await assert.rejects(
    exchange(
      () => abort.abort(new Error("enough")),
      (client, request) => client.send(request),
      { signal: abort.signal },
    ),
    failsAs("aborted"),
  );
  await assert.rejects(
    exchange(
      () => assert.fail("it was sent"),
      (client, request) => client.send(request),
      { signal: abort.signal },
    ),
    failsAs("aborted"),
  );
});

testEach("send() fails where nobody listens", async (exchange) => {
  await assert.rejects(
    exchange(
      () => assert.fail("it was answered"),
      (client, request) => client.send({ ...request, url: new URL("http://127.0.0.1:1/") }),
    ),
    failsAs("network"),
  );
});

testEach("send() fails where the answer is no HTTP, or leaves it", async (exchange) => {
  const noise: Answer = (request) => void request.socket.end("* OK IMAP4rev1 ready\r\n\r\n");
  const upgrade: Answer = (request) =>
    void request.socket.end(
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n",
    );
  for (const answer of [noise, upgrade]) {
    await assert.rejects(
      exchange(answer, (client, request) => client.send(request)),
      failsAs("network"),
    );
  }
});

testEach("send() uses a connection again, after HEAD as well", async (exchange) => {
  const sockets = new Set<unknown>();
  await exchange((request, response) => {
    sockets.add(request.socket);
    response.setHeader("content-length", 7);
    response.end(request.method === "HEAD" ? undefined : "content");
  }, async (client, request) => {
    for (const method of ["HEAD", "GET", "HEAD", "GET", "HEAD", "GET"] as const) {
      const { headers, body } = await client.send({ ...request, method });
      assert.equal(headers["content-length"], "7");
      assert.equal(decodeText(body), method === "HEAD" ? "" : "content");
    }
  });
  // undici takes a second one where the first has only just become free.
  assert.ok(sockets.size <= 2);
});

testEach("send() stays with its host, whatever the path begins with", async (exchange) => {
  const { body } = await exchange(
    (request, response) => response.end(`${request.headers.host}${request.url}`),
    (client, request) =>
      client.send({ ...request, url: new URL(`${request.url.origin}//other.example/v2/?a=b%20c`) }),
  );
  assert.match(decodeText(body), /^127\.0\.0\.1:\d+\/\/other\.example\/v2\/\?a=b%20c$/u);
});

testEach("close() breaks off what is under way", async (exchange) => {
  await assert.rejects(
    exchange((_, response) => void response.write("begun"), async (client, request) => {
      const sent = client.send(request);
      setTimeout(() => void client.close(), 20);
      return await sent;
    }),
    failsAs("network"),
  );
});

test("send() sends nothing anew by itself where a kept connection is reset", async () => {
  for (const method of ["GET", "PUT", "POST", "DELETE"] as const) {
    let requests = 0;
    await exchange((request, response) => {
      request.resume();
      if (++requests === 1) response.end();
      else request.socket.destroy();
    }, async (client, request) => {
      const body = method === "PUT" || method === "POST" ? { body: encodeText("x") } : {};
      await client.send({ ...request, method, ...body });
      await assert.rejects(client.send({ ...request, method, ...body }), failsAs("network"));
    });
    assert.equal(requests, 2, method);
  }
});

test("send() goes over to undici after as many requests as told", async () => {
  const sockets: unknown[] = [];
  await exchange((request, response) => {
    sockets.push(request.socket);
    response.end();
  }, async (client, request) => {
    for (let sent = 0; sent < 3; sent++) {
      assert.equal((await client.send(request)).status, 200);
    }
  }, { requestsBefore: 2 });
  assert.equal(sockets[1], sockets[0]);
  assert.notEqual(sockets[2], sockets[0]);
});

testEach("send() gives every one of many requests at once its own answer", async (exchange) => {
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
