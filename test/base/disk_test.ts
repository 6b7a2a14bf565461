import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { diskFiles } from "../../lib/base/disk.ts";
import { encodeText } from "../../lib/base/bytes.ts";
import { collect } from "../support/collect.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const FILES = diskFiles();

test("read() gives a file piece by piece, however large it is", async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, "file");
  for (const size of [0, 1, 4095, 4096, 1024 * 1024, 3 * 1024 * 1024 + 5]) {
    await writeFile(path, "x");
    await truncate(path, size);
    let total = 0;
    for await (const piece of FILES.read(path)) {
      assert.ok(piece.length > 0 && piece.length <= 1024 * 1024);
      total += piece.length;
    }
    assert.equal(total, size);
  }
});

test("read() refuses what is no regular file, and waits for nobody to write into a pipe", async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, "file"), "x");
  await symlink("file", join(folder, "link"));
  execFileSync("mkfifo", [join(folder, "pipe")]);
  const failures = {
    "": "unreadable",
    "pipe": "unreadable",
    "link": "unreadable",
    "none": "missing",
    "file/below": "missing",
    ["n".repeat(300)]: "missing",
    "a\0b": "missing",
  };
  for (const [name, failure] of Object.entries(failures)) {
    await assert.rejects(collect(FILES.read(join(folder, name))), { code: "FILE", failure }, name);
  }
});

test("read() ends where it is told to stop", async (t) => {
  const path = join(await temporaryFolder(t), "file");
  await writeFile(path, new Uint8Array(3 * 1024 * 1024));
  const abort = new AbortController();
  await assert.rejects(async () => {
    for await (const _ of diskFiles({ signal: abort.signal }).read(path)) {
      abort.abort(new Error("enough"));
    }
  }, /^Error: enough$/u);
});

test("list() and look() tell files, folders, links and others apart", async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, "file"), "x");
  await mkdir(join(folder, "folder"));
  await symlink("file", join(folder, "link"));
  execFileSync("mkfifo", [join(folder, "other")]);
  const entries = await FILES.list(folder);
  assert.deepEqual(entries.map(({ kind }) => kind).sort(), ["file", "folder", "link", "other"]);
  for (const { name, kind } of entries) {
    assert.equal(name, kind);
    assert.equal((await FILES.look(join(folder, name))).kind, kind);
  }
  await assert.rejects(FILES.list(join(folder, "none")), { code: "FILE", failure: "missing" });
  await assert.rejects(FILES.look(join(folder, "none")), { code: "FILE", failure: "missing" });
});

test("look() gives another version for other content, and for another file", async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, "file");
  const versions = new Set<string>();
  const look = async () => versions.add((await FILES.look(path)).version);
  await writeFile(path, "a");
  await look();
  await look();
  assert.equal(versions.size, 1);
  await writeFile(path, "ab");
  await look();
  await writeFile(join(folder, "next"), "ab");
  await rename(join(folder, "next"), path);
  await look();
  assert.equal(versions.size, 3);
});

test("resolve() follows links to the one name", async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, "a/b"), { recursive: true });
  await symlink("a/b", join(folder, "link"));
  assert.equal(await FILES.resolve(join(folder, "link/..")), await realpath(join(folder)));
  assert.equal(await FILES.resolve(join(folder, "link/")), await realpath(join(folder, "a/b")));
  await symlink("loop", join(folder, "loop"));
  await assert.rejects(FILES.resolve(join(folder, "loop")), { failure: "unreadable" });
});

test("write() makes a file that is whole, or leaves what was there", async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, "file");
  for (const text of ["first", "second"]) {
    await FILES.write(path, encodeText(text));
    assert.equal(await readFile(path, "utf8"), text);
  }
  await mkdir(join(folder, "taken/full"), { recursive: true });
  await assert.rejects(FILES.write(join(folder, "taken"), encodeText("x")), { code: "FILE" });
  await assert.rejects(FILES.write(join(folder, "none/file"), encodeText("x")), { code: "FILE" });
  assert.deepEqual((await readdir(folder)).sort(), ["file", "taken"]);
});

test("write() replaces a link, and not what it leads to", async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, "target"), "kept");
  await symlink("target", join(folder, "link"));
  await FILES.write(join(folder, "link"), encodeText("new"));
  assert.equal(await readFile(join(folder, "target"), "utf8"), "kept");
  assert.equal(await readFile(join(folder, "link"), "utf8"), "new");
});
