import assert from "node:assert/strict";
import { test } from "node:test";
import { writeJson } from "../../lib/report/json.ts";
import { imageRecord } from "../../lib/report/record.ts";
import { endOf, report, RESULTS, START } from "./samples.ts";

test("a JSON report is one document with the run, its images and its summary", async () => {
  const { text } = await report("json", RESULTS);
  assert.deepEqual(JSON.parse(text), {
    schemaVersion: 1,
    tool: START.tool,
    startedAt: "2026-11-23T01:00:00.000Z",
    images: RESULTS.map(imageRecord),
    finishedAt: "2026-11-23T01:00:01.234Z",
    summary: {
      images: 11,
      verified: 4,
      failed: 3,
      unsigned: 2,
      unknown: 2,
      requests: 27,
      retries: 3,
    },
  });
});

test("a JSON report has one image a line", async () => {
  const { text } = await report("json", RESULTS);
  const lines = text.split("\n");
  assert.equal(lines.length, RESULTS.length + 3);
  for (const [index, { image }] of RESULTS.entries()) {
    assert.equal(JSON.parse(lines[index + 1]!.replace(/,$/u, "")).image, image);
  }
});

test("a JSON report is written as the images come", async () => {
  const { writes } = await report("json", RESULTS);
  assert.equal(writes.length, RESULTS.length + 1);
});

test("a JSON report of no images is a document too", async () => {
  const { text } = await report("json", []);
  assert.deepEqual(JSON.parse(text).images, []);
});

test("a JSON report waits for its sink and passes its failure on", async () => {
  let written = false;
  const slow = {
    write: async () => {
      await Promise.resolve();
      written = true;
    },
  };
  await writeJson(START, slow, imageRecord).add(RESULTS[0]!);
  assert.ok(written);
  const full = { write: () => Promise.reject(new RangeError("disk full")) };
  await assert.rejects(writeJson(START, full, imageRecord).close(endOf([])), RangeError);
});
