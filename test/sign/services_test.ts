import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { HttpError } from "../../lib/base/http.ts";
import { openBudget } from "../../lib/sign/budget.ts";
import { endpoint, type ServiceRequest } from "../../lib/sign/services.ts";
import { answer, makeToken, openFakeSigstore } from "../support/fake_sigstore.ts";
import { createTestClock } from "../support/test_clock.ts";

const REQUEST: ServiceRequest = {
  purpose: "test",
  method: "GET",
  url: new URL("https://service.test/path?query=secret"),
  deadline: 1000,
  expect: [200],
};

test("a 429 is waited out as it asks, by everything for this service", async () => {
  const clock = createTestClock();
  const sigstore = openFakeSigstore(clock);
  let asked = 0;
  sigstore.intercept = () =>
    asked++ === 0 ? answer(429, {}, { "retry-after": "17" }) : answer(200, {});
  await sigstore.services.request(REQUEST);
  assert.deepEqual(clock.sleeps, [17_000]);
  assert.deepEqual([sigstore.services.counters.requests, sigstore.services.counters.retries], [
    2,
    1,
  ]);
});

test("failures that may pass are tried again, and others are not", async () => {
  for (
    const [status, failure, requests] of [
      [502, "unavailable", 3],
      [429, "throttled", 3],
      [400, "refused", 1],
      [409, "duplicate", 1],
      [302, "invalid-answer", 1],
    ] as const
  ) {
    const sigstore = openFakeSigstore(createTestClock());
    sigstore.intercept = () => answer(status, { message: "why" });
    await assert.rejects(sigstore.services.request(REQUEST), { code: "SERVICE", failure, status });
    assert.equal(sigstore.requests.length, requests, String(status));
  }
});

test("a connection that fails is tried again; an answer that is too large is not", async () => {
  for (const [failure, requests] of [["network", 3], ["timeout", 3], ["too-large", 1]] as const) {
    const sigstore = openFakeSigstore(createTestClock());
    sigstore.intercept = () => {
      throw new HttpError(failure, "no");
    };
    await assert.rejects(sigstore.services.request(REQUEST), { code: "SERVICE" });
    assert.equal(sigstore.requests.length, requests);
  }
});

test("errors name the service and not the query, and show no token", async () => {
  const sigstore = openFakeSigstore(createTestClock());
  const token = makeToken({ sub: "alice" });
  for (const body of [{ message: `got ${token}` }, encodeText(token), { error: token }]) {
    sigstore.intercept = () => answer(400, body);
    await assert.rejects(sigstore.services.request(REQUEST), (error: Error) => {
      assert.match(error.message, /^Cannot test \(https:\/\/service\.test\): the answer was 400/u);
      assert.ok(!error.message.includes("secret") && !error.message.includes(token));
      return true;
    });
  }
});

test("secrets go over HTTPS only, or to this machine", async () => {
  const sigstore = openFakeSigstore(createTestClock());
  sigstore.intercept = () => answer(200, {});
  const ask = (address: string, secret: boolean) =>
    sigstore.services.request({ ...REQUEST, url: new URL(address), secret });
  await ask("http://service.test", false);
  await ask("http://127.0.0.1:1", true);
  await assert.rejects(ask("http://service.test", true), /in the clear/u);
  await assert.rejects(ask("ftp://service.test", false), { code: "SERVICE" });
  assert.equal(sigstore.requests.length, 2);
});

test("endpoint() keeps the path and query of a base, and refuses what is no address", () => {
  assert.equal(endpoint("https://a.test/x/", "/y", "test").href, "https://a.test/x/y");
  assert.equal(endpoint("https://a.test/x?y=1", "", "test").href, "https://a.test/x?y=1");
  assert.throws(() => endpoint("a.test", "/y", "test"), { code: "SERVICE" });
});

test("a budget spaces its turns evenly, and what was not used is not saved", async () => {
  const clock = createTestClock();
  const budget = openBudget(4, clock);
  for (let count = 0; count < 3; count++) await budget.take();
  assert.deepEqual(clock.sleeps, [250, 250]);
  clock.pass(60_000);
  for (let count = 0; count < 3; count++) await budget.take();
  assert.deepEqual(clock.sleeps, [250, 250, 250, 250]);
});
