import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { formatLock, parseLock } from "../../lib/fleet/lock_file.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { writeTree } from "../support/file_tree.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const DIGEST = digestOf(encodeText("x"));
const HEX = DIGEST.slice("sha256:".length);

const entry = (path: string) => ({ path, digest: DIGEST });
const parse = (text: string) => parseLock(encodeText(text));

test("formatLock() writes what sha256sum writes, by name", async (t) => {
  const folder = await temporaryFolder(t);
  const names = ["z", "a/b", " leading", "back\\slash", "line\nbreak", "re\rturn", "*star", "é"];
  await writeTree(folder, Object.fromEntries(names.map((name) => [name, "x"])));
  const lock = formatLock(names.map(entry));
  const told = execFileSync("sha256sum", names.toSorted(), { cwd: folder });
  assert.equal(decodeText(lock), decodeText(told));
  execFileSync("sha256sum", ["--check", "--strict", "-"], { cwd: folder, input: lock });
});

test("parseLock() reads back what formatLock() wrote, whatever the names are", () => {
  const name = fc.string({ unit: "binary", minLength: 1 }).filter((text) =>
    !text.includes("\0") && !text.startsWith("./")
  );
  fc.assert(
    fc.property(fc.uniqueArray(name), (names) => {
      const entries = names.toSorted().map(entry);
      assert.deepEqual(parseLock(formatLock(entries)), entries);
    }),
    { numRuns: 50 },
  );
});

test("parseLock() reads what other programs write", () => {
  const upper = HEX.toUpperCase();
  const text = `# comment\r\n\r\n${upper} *binary.exe\r\n${HEX}  ./found\n${HEX}  no newline`;
  assert.deepEqual(parse(text), ["binary.exe", "found", "no newline"].map(entry));
  assert.deepEqual(parse(""), []);
  assert.deepEqual(parse(`${HEX}  twice\n${HEX}  ./twice\n`), [entry("twice")]);
});

test("parseLock() says which line is none", () => {
  const other = "0".repeat(64);
  const wrong = {
    "1": "not a lock\n",
    "2": `${HEX}  good\n${HEX.slice(1)}  short\n`,
    "3": `${HEX}  a\n\n${other}  ./a\n`,
    "4": `#\n#\n#\n\\${HEX}  wrong \\escape\n`,
    "5": `\n\n\n\n\\${HEX}  ends in\\\n`,
    "6": `\n\n\n\n\n${HEX} one-blank\n`,
    "7": `\n\n\n\n\n\n${HEX}  \n`,
    "8": `\n\n\n\n\n\n\n${HEX}  a\0b\n`,
  };
  for (const [line, text] of Object.entries(wrong)) {
    assert.throws(() => parse(text), {
      code: "MALFORMED",
      message: new RegExp(`line ${line}: `, "u"),
    });
  }
  assert.throws(() => parseLock(Uint8Array.of(0xff)), { code: "MALFORMED" });
});
