import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { answer } from "../../lib/registry/memory_answer.ts";
import { RegistryError, type RegistryFailure } from "../../lib/registry/registry_error.ts";
import { readErrorDocument, type RegistryRequest } from "../../lib/registry/remote.ts";
import { createSwitch, TROUBLES } from "../support/faults.ts";
import { APP, putImage } from "../support/images.ts";
import type { TestClock } from "../support/test_clock.ts";
import {
  openTestRemote,
  type TestRemote,
  type TestRemoteOptions,
} from "../support/open_test_remote.ts";

const TAGS = /tags\/list/u;
const REQUEST: RegistryRequest = {
  method: "GET",
  repository: APP,
  target: "/v2/team/app/tags/list",
  expect: [200],
};

/** A registry with an image, whose answers can be bent. */
function setUp(options: TestRemoteOptions = {}): TestRemote & ReturnType<typeof createSwitch> {
  const trouble = createSwitch();
  const registry = createMemoryRegistry({ fault: trouble.fault });
  putImage(registry, "1.0");
  return { ...openTestRemote(registry, options), ...trouble };
}

/** Check an error by its parts. */
function failsWith(failure: RegistryFailure, attempts: number, status?: number) {
  return (error: unknown): true => {
    assert.ok(error instanceof RegistryError);
    assert.deepEqual([error.failure, error.attempts, error.status], [failure, attempts, status]);
    assert.equal(error.request, "GET http://localhost:5000/v2/team/app/tags/list");
    return true;
  };
}

test("request() gives the answer with its address and the number of attempts", async () => {
  const { remote, sent } = setUp();
  const { status, url, attempts } = await remote.request(REQUEST);
  assert.deepEqual([status, url.pathname, attempts], [200, "/v2/team/app/tags/list", 1]);
  // One question finds out that this registry speaks plain HTTP.
  assert.deepEqual(sent.map(({ url }) => url.pathname), ["/v2/", "/v2/team/app/tags/list"]);
  assert.ok(sent.every(({ headers }) => headers["user-agent"] === "sigfleet/test"));
  assert.deepEqual(remote.counters, { requests: 2, retries: 0 });
});

test("request() asks again after 503 and broken connections, ever more slowly", async () => {
  for (const name of ["500", "502", "503", "reset", "truncated", "timeout"] as const) {
    const { remote, clock, set } = setUp();
    set(TAGS, TROUBLES[name], 3);
    const { status, attempts } = await remote.request(REQUEST);
    assert.deepEqual([status, attempts], [200, 4], name);
    assert.deepEqual(clock.sleeps, [750, 1500, 3000], name);
    assert.equal(remote.counters.retries, 3);
  }
});

test("request() gives up after its attempts, and says what came back how often", async () => {
  const outcomes: readonly [keyof typeof TROUBLES, RegistryFailure, number, number?][] = [
    ["429", "throttled", 5, 429],
    ["500", "unavailable", 5, 500],
    ["502", "unavailable", 5, 502],
    ["503", "unavailable", 5, 503],
    ["401", "unauthorized", 1, 401],
    ["403", "unauthorized", 1, 403],
    ["reset", "unavailable", 5],
    ["truncated", "unavailable", 5],
    ["timeout", "unavailable", 5],
  ];
  for (const [name, failure, attempts, status] of outcomes) {
    const { remote, set } = setUp();
    set(TAGS, TROUBLES[name]);
    await assert.rejects(remote.request(REQUEST), failsWith(failure, attempts, status), name);
  }
});

test("request() names the registry's own code, and no query", async () => {
  const { remote } = setUp();
  const request = { ...REQUEST, target: "/v2/team/nothing/tags/list?secret=1" };
  await assert.rejects(remote.request(request), {
    message: "Cannot GET http://localhost:5000/v2/team/nothing/tags/list: " +
      "404 NAME_UNKNOWN: repository name not known to registry",
    failure: "not-found",
    registryCode: "NAME_UNKNOWN",
  });
});

test("request() lets the whole registry wait after a 429, for as long as it asks", async () => {
  const { remote, clock, set, sent } = setUp();
  await remote.request(REQUEST);
  set(TAGS, TROUBLES["429 with Retry-After"], 1);
  const start = clock.now();
  const throttled = remote.request(REQUEST);
  // The 429 is in: whatever is asked from now on waits with it.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(clock.now() - start, 7000);
  assert.deepEqual(clock.sleeps, [7000]);
  assert.equal((await throttled).attempts, 2);
  assert.equal(sent.length, 4);
});

test("request() sends nothing to a registry that is paused, for whomever", async () => {
  // A clock on which time passes only when told.
  let now = 0;
  const sleepers: (() => void)[] = [];
  const clock: TestClock = {
    sleeps: [],
    pass: (milliseconds) => now += milliseconds,
    now: () => now,
    sleep: () => new Promise((resolve) => sleepers.push(resolve)),
  };
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
  const { remote, set, sent } = setUp({ clock });
  await remote.request(REQUEST);
  set(TAGS, TROUBLES["429 with Retry-After"], 1);
  const throttled = remote.request(REQUEST);
  await settle();
  const before = sent.length;
  const others = Array.from({ length: 5 }, () => remote.request(REQUEST));
  await settle();
  assert.equal(sent.length, before, "all wait");
  assert.equal(sleepers.length, 6);
  clock.pass(7000);
  for (const wake of sleepers) wake();
  for (const { status } of await Promise.all([throttled, ...others])) assert.equal(status, 200);
  assert.equal(sent.length, before + 6);
});

test("request() does not wait longer than its policy allows", async () => {
  const { remote, clock, set } = setUp({
    retry: { attempts: 5, firstDelay: 1000, maxDelay: 6000 },
  });
  set(TAGS, TROUBLES["429 with Retry-After"]);
  await assert.rejects(remote.request(REQUEST), failsWith("throttled", 1, 429));
  assert.deepEqual(clock.sleeps, []);
});

test("request() refuses an answer that is too large, and does not ask again", async () => {
  const { remote } = setUp();
  const request = { ...REQUEST, maxBytes: 10 };
  await assert.rejects(remote.request(request), failsWith("invalid-answer", 1));
});

test("request() stops when its signal is aborted, with the signal's reason", async () => {
  const abort = new AbortController();
  const { remote } = setUp({ signal: abort.signal });
  await remote.request(REQUEST);
  abort.abort(new Error("enough"));
  await assert.rejects(remote.request(REQUEST), /^Error: enough$/u);
});

test("request() tries a registry anew that could not be reached before", async () => {
  let down = true;
  const registry = createMemoryRegistry();
  putImage(registry, "1.0");
  const { remote } = openTestRemote({
    handle: async (request) => ({
      ...await registry.handle(request),
      ...down && { wire: "reset" },
    }),
  });
  await assert.rejects(remote.request(REQUEST), { failure: "unavailable" });
  down = false;
  assert.equal((await remote.request(REQUEST)).status, 200);
});

test("readErrorDocument() reads the spec's form and nothing else", () => {
  const read = (text: string) => readErrorDocument(encodeText(text));
  const long = "x".repeat(1000);
  assert.deepEqual(read('{"errors":[{"code":"DENIED","message":"no"}]}'), {
    code: "DENIED",
    message: "no",
  });
  assert.deepEqual(read('{"errors":[{"code":"DENIED"}]}'), { code: "DENIED", message: "" });
  const cut = read(`{"errors":[{"code":"${long}","message":"${long}"}]}`);
  assert.deepEqual([cut?.code.length, cut?.message.length], [64, 200]);
  const others = [
    "",
    "404 page not found",
    "<html>",
    "null",
    "{}",
    '{"errors":[]}',
    '{"errors":[{}]}',
  ];
  for (const text of others) assert.equal(read(text), undefined, text);
});

test("request() reads the answer of a status that is expected, whatever its body", async () => {
  const { remote, set } = setUp();
  set(TAGS, () => answer(404, {}, encodeText("nothing")));
  const { status, body } = await remote.request({ ...REQUEST, expect: [200, 404] });
  assert.deepEqual([status, new TextDecoder().decode(body)], [404, "nothing"]);
});
