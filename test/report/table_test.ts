import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import type { FleetResult } from "../../lib/fleet/fleet_result.ts";
import { failed, report, RESULTS, unsigned, verified } from "./samples.ts";

async function linesOf(
  results: readonly FleetResult[],
  options: { colors?: boolean; width?: number } = {},
): Promise<string[]> {
  return (await report("table", results, options)).text.split("\n");
}

/** The table alone, without what stands below it. */
async function tableOf(
  results: readonly FleetResult[],
  options: { colors?: boolean; width?: number } = {},
): Promise<string[]> {
  const lines = await linesOf(results, options);
  return lines.slice(0, lines.indexOf(""));
}

test("a table shows each image with its digest, its verdict and why", async () => {
  assert.deepEqual(await linesOf(RESULTS, { width: 100 }), [
    "IMAGE                                 DIGEST        VERDICT     WHY",
    "─".repeat(100),
    "registry.example/team/api",
    "  v1.4.0                              fd915e01e0aa  ✔ verified  bundle by cosign.pub",
    "  v1.4.1                              fbe0d3fe26e9  ✔ verified  bundle by cosign.pub, legacy by cos…",
    "  v1.5.0                              7e5a839ded56  ✘ failed    no trusted key made it (+2 more)",
    "  latest                              393895425d28  ○ unsigned  neither a signature tag nor a bundle",
    "nginx                                 5be1ecc7935f  ✔ verified  legacy by cosign.pub",
    "quay.io/promet…orter@sha256:2303824…  2303824a4e3d  ○ unsigned  neither a signature tag nor a bundle",
    "ghcr.io/acme/a…orker:2026.11.23-4711  033ef6ac56b2  ✔ verified  bundle by cosign.pub",
    "localhost:5000/team/web",
    "  1                                   -             ? unknown   503 after 4 attempts: GET https://r…",
    "  2                                   -             ? unknown   connection refused after 4 attempts…",
    "  3                                   -             ✘ failed    the registry has no such tag",
    'evil.example/x\\u001b[2J\\u202e:1       16f6800caa66  ✘ failed    annotation "env" is "\\u001b[31mprod…',
    "",
    "transparency log: not checked",
    "11 images: 4 verified, 3 failed, 2 unsigned, 2 unknown",
    "27 requests (2.5 an image), 3 retries · 1.2 s",
    "",
  ]);
});

test("a table has the width it is given, or 120", async () => {
  for (const width of [40, 60, 79, 80, 100, 200, undefined]) {
    const lines = await tableOf(RESULTS, width === undefined ? {} : { width });
    for (const line of lines) assert.ok(line.length <= (width ?? 120), `${width}: ${line}`);
  }
});

test("a table leaves the digests out where there is no room for them", async () => {
  assert.ok((await linesOf(RESULTS, { width: 80 }))[0]!.includes("DIGEST"));
  assert.ok(!(await linesOf(RESULTS, { width: 79 }))[0]!.includes("DIGEST"));
});

test("a table is no wider than what it holds", async () => {
  const [, rule] = await linesOf([verified("a.example/b:1", "bundle")], { width: 200 });
  assert.equal(
    rule,
    "─".repeat("a.example/b:1  0123456789ab  ✔ verified  bundle by cosign.pub".length),
  );
});

test("a table has no trailing spaces, coloured or not", async () => {
  for (const colors of [false, true]) {
    for (const line of await linesOf(RESULTS, { colors })) assert.doesNotMatch(line, /\s$/u);
  }
});

test("a table has no escape sequences unless colours are asked for", async () => {
  assert.ok(!(await report("table", RESULTS)).text.includes("\u001b"));
  const [plain, coloured] = [await linesOf(RESULTS), await linesOf(RESULTS, { colors: true })];
  assert.ok(coloured.join("\n").includes("\u001b[32m✔ verified\u001b[39m"));
  assert.deepEqual(coloured.map(stripVTControlCharacters), plain);
});

test("a table names a repository once for neighbours that share it", async () => {
  const lines = await linesOf([
    verified("a.example/b:1", "bundle"),
    verified("a.example/b:2", "bundle"),
    verified("a.example/c:1", "bundle"),
    verified("a.example/b:3", "bundle"),
    verified("a.example/d", "bundle"),
    verified("a.example/d", "bundle"),
  ]);
  assert.deepEqual(
    lines.slice(2, 9).map((line) => line.replace(/(\S) .*$/u, "$1")),
    ["a.example/b", "  1", "  2", "a.example/c:1", "a.example/b:3", "a.example/d", "a.example/d"],
  );
});

test("a table shows a repository's whole name above images with short names", async () => {
  const repository = `registry.example/${"team/".repeat(12)}api`;
  const images = [verified(`${repository}:1`, "bundle"), verified(`${repository}:2`, "bundle")];
  const [, rule, heading] = await tableOf(images);
  assert.equal(heading, repository);
  assert.equal(rule, "─".repeat(repository.length));
  const [, , cut] = await tableOf(images, { width: 60 });
  assert.match(cut!, /^registry\S*…\S*\/api$/u);
  assert.equal(cut!.length, 60);
});

test("a table of many images reads as one", async () => {
  const images = Array.from({ length: 350 }, (_, index) => unsigned(`a.example/b:${index}`));
  const [head = "", , heading, ...lines] = await tableOf(images);
  assert.equal(heading, "a.example/b");
  assert.equal(lines.length, images.length);
  for (const [index, line] of lines.entries()) {
    assert.ok(line.startsWith(`  ${index} `));
    assert.equal(line.indexOf("○ unsigned"), head.indexOf("VERDICT"));
  }
});

test("a table keeps the end of a long name, and the count behind a long reason", async () => {
  const name = `registry.example/${"deep/".repeat(30)}api:v1`;
  const lines = await linesOf([failed(name, "because ".repeat(30), "other")], { width: 80 });
  assert.match(lines[2]!, /^registry\S*…\S*\/api:v1 /u);
  assert.match(lines[2]!, /because\S*… \(\+1 more\)$/u);
});

test("a table says that the log was not checked of what it calls verified", async () => {
  const note = "transparency log: not checked";
  assert.ok((await linesOf(RESULTS)).includes(note));
  assert.ok(!(await linesOf([unsigned("a.example/b:1")])).includes(note));
});

test("a table of no images is its summary", async () => {
  const lines = await linesOf([]);
  assert.equal(lines.length, 2);
  assert.match(lines[0]!, /^0 images: /u);
});

test("a table sends nothing to the terminal that could steer it, and stays within its width", async () => {
  const text = fc.string({
    unit: fc.constantFrom("a", ":", "/", "@", "\u001b", "\n", "\u202e", "検", "\u0301"),
  });
  await fc.assert(
    fc.asyncProperty(text, text, fc.integer({ min: 40, max: 130 }), async (image, why, width) => {
      const lines = await tableOf([failed(image, why), verified(image, "bundle")], { width });
      for (const line of lines) {
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
        const columns = Array.from(line.replaceAll("\u0301", ""))
          .reduce((sum, character) => sum + (character === "検" ? 2 : 1), 0);
        assert.ok(columns <= width, `${columns}: ${line}`);
      }
    }),
    { numRuns: 50 },
  );
});
