import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../lib/base/errors.ts";
import { tagOutcome } from "../../lib/report/sign_outcome.ts";
import { signRecord } from "../../lib/report/sign_record.ts";
import { done, failed, gone } from "./sign_samples.ts";

test("tagOutcome() is signed if any format was signed now", () => {
  const tag = done("a.example/b:1", { legacy: "already-signed", bundle: "signed" });
  assert.equal(tagOutcome(tag), "signed");
});

test("tagOutcome() is to-sign if a dry run would sign in any format", () => {
  const tag = done("a.example/b:1", { legacy: "already-signed", bundle: "to-sign" });
  assert.equal(tagOutcome(tag), "to-sign");
});

test("tagOutcome() is already-signed only if all formats were", () => {
  const tag = done("a.example/b:1", { legacy: "already-signed", bundle: "already-signed" });
  assert.equal(tagOutcome(tag), "already-signed");
});

test("tagOutcome() does not call a tag signed for which no format was asked", () => {
  assert.throws(() => tagOutcome(done("a.example/b:1", {})), UsageError);
});

test("signRecord() says what became of each format, in one order", () => {
  const tag = done("a.example/b:1", { legacy: "already-signed", bundle: "signed" });
  const record = signRecord(tag);
  assert.deepEqual(record, {
    image: "a.example/b:1",
    digest: "digest" in tag ? tag.digest : undefined,
    outcome: "signed",
    formats: { bundle: "signed", legacy: "already-signed" },
  });
  assert.deepEqual(Object.keys(record.formats), ["bundle", "legacy"]);
});

test("signRecord() has a message for a failed tag only, and null for a digest not known", () => {
  assert.deepEqual(signRecord(failed("a.example/b:1", "no")), {
    image: "a.example/b:1",
    digest: null,
    outcome: "failed",
    formats: {},
    message: "no",
  });
  assert.deepEqual(signRecord(gone("a.example/b:1")), {
    image: "a.example/b:1",
    digest: null,
    outcome: "gone",
    formats: {},
  });
});

test("signRecord() has no member that is not the report's", () => {
  const tag = Object.assign(failed("a.example/b:1", "no"), { internal: 1 });
  assert.equal("internal" in signRecord(tag), false);
});
