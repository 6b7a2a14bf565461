import assert from "node:assert/strict";
import { test } from "node:test";
import { parseByteSize } from "../../lib/base/byte_size.ts";

test("parseByteSize() reads what go-humanize reads", () => {
  const sizes: readonly (readonly [string, number])[] = [
    ["5120", 5120],
    ["0", 0],
    ["20K", 20_000],
    ["20kB", 20_000],
    ["20Ki", 20_480],
    ["128MiB", 134_217_728],
    ["128mib", 134_217_728],
    ["128 MiB ", 134_217_728],
    ["3M", 3_000_000],
    ["1GB", 1_000_000_000],
    ["1.5GiB", 1_610_612_736],
    [".5k", 500],
    ["1.k", 1000],
    ["0.0001k", 0],
    ["1,048,576", 1_048_576],
    ["7b", 7],
    ["2TiB", 2_199_023_255_552],
  ];
  for (const [text, bytes] of sizes) assert.equal(parseByteSize(text), bytes, text);
});

test("parseByteSize() refuses what is no size, or beyond counting", () => {
  const others = [
    "",
    " ",
    "x",
    "-1",
    "+1",
    "1e3",
    "1..2",
    ".",
    ",",
    "1ib",
    "1 2",
    "1kk",
    "5EiB",
    "Ⅷ",
  ];
  for (const text of others) assert.equal(parseByteSize(text), undefined, text);
});
