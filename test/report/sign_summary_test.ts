import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countTags,
  type SignCounts,
  signExitCode,
  type SignSummary,
  signSummaryText,
} from "../../lib/report/sign_summary.ts";
import { done, DRY_TAGS, failed, gone, signEnd, TAGS } from "./sign_samples.ts";

const NONE: SignCounts = countTags().counts();

function summaryOf(counts: Partial<SignSummary>): SignSummary {
  return { ...NONE, requests: 0, retries: 0, ...counts };
}

test("countTags() counts tags by their outcome, and each digest once", () => {
  assert.deepEqual(signEnd(TAGS).summary, {
    tags: 8,
    digests: 5,
    signed: 3,
    alreadySigned: 2,
    toSign: 0,
    gone: 1,
    failed: 2,
    requests: 63,
    retries: 0,
  });
});

test("countTags() counts what a dry run would sign, and nothing as signed", () => {
  const { tags, signed, alreadySigned, toSign } = signEnd(DRY_TAGS).summary;
  assert.deepEqual({ tags, signed, alreadySigned, toSign }, {
    tags: 3,
    signed: 0,
    alreadySigned: 1,
    toSign: 2,
  });
});

test("countTags() tells the counts at any time, and leaves those that it told", () => {
  const counter = countTags();
  const before = counter.counts();
  counter.add(gone("a.example/b:1"));
  assert.equal(before.tags, 0);
  assert.deepEqual(counter.counts(), { ...NONE, tags: 1, gone: 1 });
});

test("signExitCode() is 0 if all was done, and a tag that is gone is no failure", () => {
  assert.equal(signExitCode(signEnd([]).summary), 0);
  assert.equal(signExitCode(signEnd(DRY_TAGS).summary), 0);
  const tags = [done("a.example/b:1", { bundle: "signed" }), gone("a.example/b:2")];
  assert.equal(signExitCode(signEnd(tags).summary), 0);
});

test("signExitCode() is 3 if a tag could not be signed", () => {
  assert.equal(signExitCode(signEnd(TAGS).summary), 3);
  assert.equal(signExitCode(signEnd([failed("a.example/b:1", "no")]).summary), 3);
});

test("signExitCode() is 3 for tags of which nothing is known", () => {
  assert.equal(signExitCode({ ...NONE, tags: 2, signed: 1 }), 3);
});

test("signSummaryText() tells a run in one line", () => {
  const counts = { tags: 1014, digests: 9, signed: 1012, alreadySigned: 2, requests: 1063 };
  assert.equal(
    signSummaryText(summaryOf(counts), 1234),
    "1,014 tags, 9 digests: 1,012 signed, 2 already signed, 0 failed" +
      " · 1,063 requests, 0 retries · 1.2 s",
  );
});

test("signSummaryText() says of a dry run what it would sign", () => {
  const counts = { tags: 3, digests: 3, toSign: 2, alreadySigned: 1, requests: 1, retries: 1 };
  assert.equal(
    signSummaryText(summaryOf(counts), 400),
    "3 tags, 3 digests: would sign 2, 1 already signed, 0 failed · 1 request, 1 retry · 400 ms",
  );
});

test("signSummaryText() names tags that are gone only if there are some", () => {
  assert.match(
    signSummaryText(summaryOf({ tags: 1, gone: 1 }), 0),
    /^1 tag, 0 digests: 0 signed, 0 already signed, 1 gone, 0 failed · /u,
  );
  assert.doesNotMatch(signSummaryText(summaryOf({}), 0), /gone/u);
});
