import assert from "node:assert/strict";
import { test } from "node:test";
import { imageRecord } from "../../lib/report/record.ts";
import { failed, missing, unknown, verified } from "./samples.ts";

test("imageRecord() says of each signature who made it, what was checked and what was not", () => {
  assert.deepEqual(imageRecord(verified("a.example/b:1", "bundle")).signatures, [{
    format: "bundle",
    verified: true,
    signer: { kind: "key", name: "cosign.pub", fingerprint: "5c".repeat(32) },
    checks: ["signature", "claims"],
    notChecked: ["transparency-log"],
    reasons: [],
  }]);
});

test("imageRecord() has null for a signer and a digest that are not known", () => {
  assert.equal(imageRecord(failed("a.example/b:1", "no")).signatures[0]?.signer, null);
  assert.equal(imageRecord(missing("a.example/b:1")).digest, null);
});

test("imageRecord() has evidence for an unknown image only", () => {
  assert.deepEqual(imageRecord(unknown("a.example/b:1", 503)).evidence, {
    request: "GET https://registry.example/v2/team/web/manifests/1",
    status: 503,
    attempts: 4,
    message: "connection refused",
  });
  assert.equal("status" in imageRecord(unknown("a.example/b:1")).evidence!, false);
  assert.equal("evidence" in imageRecord(missing("a.example/b:1")), false);
});

test("imageRecord() keeps what was expected and found, and no member that is not the report's", () => {
  const reason = {
    code: "annotation-mismatch",
    message: "annotation env",
    expected: "prod",
    found: "test",
  } as const;
  const verdict = {
    kind: "failed",
    signatures: [],
    reasons: [Object.assign({ internal: 1 }, reason)],
  } as const;
  assert.deepEqual(imageRecord({ image: "a.example/b:1", verdict }), {
    image: "a.example/b:1",
    digest: null,
    verdict: "failed",
    reasons: [reason],
    signatures: [],
  });
});
