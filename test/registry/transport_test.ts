import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError, type HttpResponse } from "../../lib/base/http.ts";
import { followLocation, isLoopback, openBase } from "../../lib/registry/transport.ts";

test("isLoopback() knows the names that can only be this machine", () => {
  for (const host of ["localhost", "a.localhost", "127.0.0.1", "127.255.0.9", "[::1]"]) {
    assert.ok(isLoopback(host), host);
  }
  const elsewhere = ["localhost.example", "127.example", "127.0.0.1.example", "10.0.0.1", "[::2]"];
  for (const host of elsewhere) assert.ok(!isLoopback(host), host);
});

/** Where an address leads from another; nothing where it may not be followed. */
const FOLLOWED: readonly (readonly [from: string, to: string, target: string | undefined])[] = [
  ["https://r.example/v2/", "/v2/next?n=1", "https://r.example/v2/next?n=1"],
  ["https://r.example/v2/", "https://cdn.example/x", "https://cdn.example/x"],
  ["https://r.example/v2/", "//cdn.example/x", "https://cdn.example/x"],
  ["https://r.example/v2/", "http://cdn.example/x", undefined],
  // Behind a proxy that ends TLS.
  ["https://r.example/v2/", "http://r.example/x", "https://r.example/x"],
  ["https://r.example/v2/", "http://localhost/x", undefined],
  ["http://localhost:5000/v2/", "http://127.0.0.1:9000/x", "http://127.0.0.1:9000/x"],
  ["http://localhost:5000/v2/", "https://cdn.example/x", "https://cdn.example/x"],
  ["http://localhost:5000/v2/", "http://cdn.example/x", undefined],
  ["http://r.example/v2/", "http://r.example/x", "http://r.example/x"],
  ["http://r.example/v2/", "http://cdn.example/x", undefined],
  ["https://r.example/v2/", "file:///etc/passwd", undefined],
  ["https://r.example/v2/", "http://", undefined],
];

for (const [from, to, target] of FOLLOWED) {
  test(`followLocation() from ${from} to ${to}: ${target ?? "refused"}`, () => {
    assert.equal(followLocation(to, new URL(from))?.href, target);
  });
}

test("followLocation() leads nowhere without a Location", () => {
  assert.equal(followLocation(undefined, new URL("https://r.example/")), undefined);
});

/** Ask which base is found where only some answer, and with which status. */
async function find(
  host: string,
  allowHttp: boolean,
  answers: Readonly<Record<string, number>>,
): Promise<{ readonly base: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const base = await openBase(host, allowHttp, ({ url }): Promise<HttpResponse> => {
    asked.push(url.href);
    const status = answers[url.origin];
    if (status === undefined) return Promise.reject(new HttpError("network", "refused"));
    return Promise.resolve({ status, headers: {}, body: new Uint8Array() });
  });
  return { base: base.origin, asked };
}

test("openBase() takes HTTPS for granted elsewhere, and asks nobody", async () => {
  const { base, asked } = await find("r.example", false, { "http://r.example": 200 });
  assert.deepEqual([base, asked], ["https://r.example", []]);
});

test("openBase() finds which of the two a loopback registry speaks", async () => {
  const host = "localhost:5000";
  const plain = await find(host, false, { [`http://${host}`]: 401 });
  assert.equal(plain.base, `http://${host}`);
  const secure = await find(host, false, { [`https://${host}`]: 200 });
  assert.equal(secure.base, `https://${host}`);
  assert.equal(
    (await find("[::1]:5000", false, { "http://[::1]:5000": 200 })).base,
    "http://[::1]:5000",
  );
});

test("openBase() does not take a TLS port's 400 for a registry", async () => {
  const host = "localhost:5000";
  const { base } = await find(host, false, { [`http://${host}`]: 400, [`https://${host}`]: 401 });
  assert.equal(base, `https://${host}`);
});

test("openBase() speaks plain HTTP elsewhere only where allowed, and HTTPS first", async () => {
  const both = { "http://r.example": 200, "https://r.example": 200 };
  assert.equal((await find("r.example", true, both)).base, "https://r.example");
  const { base, asked } = await find("r.example", true, { "http://r.example": 200 });
  assert.deepEqual([base, asked], [
    "http://r.example",
    ["https://r.example/v2/", "http://r.example/v2/"],
  ]);
});

test("openBase() calls a registry unavailable where neither answers", async () => {
  await assert.rejects(find("localhost:5000", false, {}), {
    code: "REGISTRY",
    failure: "unavailable",
    attempts: 2,
  });
});
