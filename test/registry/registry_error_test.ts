import assert from "node:assert/strict";
import { test } from "node:test";
import { describeRequest, RegistryError } from "../../lib/registry/registry_error.ts";

test("RegistryError says what was tried, how often, and what came back", () => {
  const cause = new Error("socket");
  const error = new RegistryError("the answer was 503", {
    failure: "unavailable",
    request: "GET https://r.example/v2/",
    status: 503,
    attempts: 5,
  }, { cause });
  assert.equal(error.message, "Cannot GET https://r.example/v2/: the answer was 503 (5 attempts)");
  assert.equal(error.why, "the answer was 503");
  assert.equal(error.cause, cause);
});

test("describeRequest() leaves out queries, which may be signed, and user names", () => {
  const url = new URL("https://user:password@cdn.example/x?signature=secret#y");
  assert.equal(describeRequest("GET", url), "GET https://cdn.example/x");
});
