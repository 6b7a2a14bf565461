import assert from "node:assert/strict";
import { test } from "node:test";
import { manifestCreated, parseCreated } from "../../lib/signature/created.ts";
import { manifestOf } from "../support/memory_registry.ts";

test("parseCreated() reads RFC 3339, and takes what stands for no time as none", () => {
  assert.equal(parseCreated("2026-11-23T09:20:10Z"), Date.UTC(2026, 10, 23, 9, 20, 10));
  assert.equal(parseCreated("2026-11-23T10:20:10+01:00"), Date.UTC(2026, 10, 23, 9, 20, 10));
  for (const none of [undefined, "", "yesterday", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]) {
    assert.equal(parseCreated(none), undefined);
  }
});

test("manifestCreated() reads the annotation of a manifest", () => {
  const annotations = { "org.opencontainers.image.created": "2026-11-23T09:20:10Z" };
  assert.equal(manifestCreated(manifestOf({ annotations })), Date.UTC(2026, 10, 23, 9, 20, 10));
  assert.equal(manifestCreated(manifestOf()), undefined);
});
