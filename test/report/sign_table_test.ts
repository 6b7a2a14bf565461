import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { done, DRY_TAGS, failed, gone, signReport, TAGS } from "./sign_samples.ts";

test("a signing table shows each tag with its digest, its outcome and the formats", async () => {
  const { text } = await signReport("table", TAGS, { width: 100 });
  assert.deepEqual(text.split("\n"), [
    "IMAGE                            DIGEST        OUTCOME           DETAIL",
    "─".repeat(99),
    "registry.example/team/api",
    "  v1.4.0                         fd915e01e0aa  ✔ signed          bundle + legacy",
    "  v1.4.1                         14c2529eb449  ✔ signed          bundle (legacy already signed)",
    "  latest                         14c2529eb449  ✔ signed          bundle (legacy already signed)",
    "  v1.3.0                         f7964420d3e7  • already signed  bundle + legacy",
    "  nightly                        -             – gone            deleted since it was listed",
    "localhost:5000/team/web",
    "  1                              fd4c12e6a59d  • already signed  legacy",
    "  2                              4b5e57f6eb2f  ✘ failed          503 after 4 attempts",
    "evil.example/x\\u001b[2J\\u202e:1  -             ✘ failed          Cannot read \\u001b[31mit\\u0007: no",
    "",
    "8 tags, 5 digests: 3 signed, 2 already signed, 1 gone, 2 failed · 63 requests, 0 retries · 1.2 s",
    "",
  ]);
});

test("a signing table of a dry run says what would be signed", async () => {
  const { text } = await signReport("table", DRY_TAGS, { width: 100 });
  assert.deepEqual(text.split("\n"), [
    "IMAGE     DIGEST        OUTCOME           DETAIL",
    "─".repeat(72),
    "registry.example/team/api",
    "  v1.4.0  fd915e01e0aa  → to sign         bundle + legacy",
    "  v1.4.1  fbe0d3fe26e9  → to sign         bundle (legacy already signed)",
    "  v1.3.0  f7964420d3e7  • already signed  legacy",
    "",
    "3 tags, 3 digests: would sign 2, 1 already signed, 0 failed · 63 requests, 0 retries · 1.2 s",
    "",
  ]);
});

test("a signing table colours outcomes, and only if asked to", async () => {
  const tags = [...TAGS, ...DRY_TAGS];
  const { text } = await signReport("table", tags, { colors: true });
  for (
    const coloured of [
      "\u001b[32m✔ signed\u001b[39m",
      "\u001b[2m• already signed\u001b[22m",
      "\u001b[36m→ to sign\u001b[39m",
      "\u001b[2m– gone\u001b[22m",
      "\u001b[31m✘ failed\u001b[39m",
    ]
  ) assert.ok(text.includes(coloured), coloured);
  const plain = await signReport("table", tags);
  assert.ok(!plain.text.includes("\u001b"));
  assert.equal(stripVTControlCharacters(text), plain.text);
});

test("a signing table has the width it is given", async () => {
  for (const width of [40, 79, 80, 120]) {
    const { text } = await signReport("table", [...TAGS, ...DRY_TAGS], { width });
    const lines = text.split("\n");
    assert.equal(lines[0]!.includes("DIGEST"), width >= 80);
    for (const line of lines.slice(0, lines.indexOf(""))) {
      assert.ok(line.length <= width, `${width}: ${line}`);
    }
  }
});

test("a signing table of no tags is its summary", async () => {
  const { text } = await signReport("table", []);
  assert.match(text, /^0 tags, 0 digests: .*\n$/u);
});

test("a signing table sends nothing to the terminal that could steer it", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", ":", "/", "\u001b", "\n", "\u202e") });
  await fc.assert(
    fc.asyncProperty(text, text, async (image, message) => {
      const tags = [failed(image, message), gone(image), done(image, { bundle: "signed" })];
      const report = await signReport("table", tags);
      for (const line of report.text.split("\n")) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
    }),
    { numRuns: 30 },
  );
});
