import assert from "node:assert/strict";
import { test } from "node:test";
import { report, RESULTS } from "./samples.ts";

interface Line {
  readonly type: string;
}

test("an NDJSON report is a run, an image a line, and a summary", async () => {
  const { text } = await report("ndjson", RESULTS);
  assert.ok(text.endsWith("\n"));
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line) as Line);
  assert.deepEqual(
    lines.map(({ type }) => type),
    ["run", ...RESULTS.map(() => "image"), "summary"],
  );
});

test("the lines of an NDJSON report together hold what the JSON document holds", async () => {
  const { text } = await report("ndjson", RESULTS);
  const [run, ...others] = text.trimEnd().split("\n").map((line) => {
    const { type: _type, ...content } = JSON.parse(line) as Line;
    return content;
  });
  const summary = others.pop();
  const document = JSON.parse((await report("json", RESULTS)).text);
  assert.deepEqual({ ...run, images: others, ...summary }, document);
});

test("each write of an NDJSON report ends a line, so that what is cut off is one line at most", async () => {
  const { writes } = await report("ndjson", RESULTS);
  assert.equal(writes.length, RESULTS.length + 1);
  for (const text of writes) assert.ok(text.endsWith("}\n"));
});

test("an NDJSON report of no images has its first and last line", async () => {
  const { text } = await report("ndjson", []);
  assert.equal(text.trimEnd().split("\n").length, 2);
});
