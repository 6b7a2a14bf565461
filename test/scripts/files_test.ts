/** sign-files and verify-files. */

import assert from "node:assert/strict";
import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { ImageRecord } from "../../lib/report/record.ts";
import type { SignRecord } from "../../lib/report/sign_record.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as signFiles } from "../../scripts/sign_files.ts";
import { task as verifyBlob } from "../../scripts/verify_blob.ts";
import { task as verifyFiles } from "../../scripts/verify_files.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { writeTree } from "../support/file_tree.ts";
import { fixturePath } from "../support/fixtures.ts";
import { runScript } from "../support/run_script.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const KEY = ["--key", fixturePath("keys/imported-p256.key")];
const PUB = ["--key", fixturePath("keys/imported-p256.pub")];
const PASSWORD = "imported-p256-pw";

const TREE = { "dist/a.tgz": "a", "dist/b/c.tgz": "c", "dist/b/d.txt": "d" };

/** Files in a folder of their own, and the two tasks. */
async function setUp(t: TestContext) {
  const folder = await temporaryFolder(t);
  await writeTree(folder, TREE);
  const at = (name: string): string => join(folder, name);
  const run = async <Options>(task: Task<Options>, words: readonly string[], stdin = "") => {
    const io = createFakeIo({ env: { COSIGN_PASSWORD: PASSWORD }, stdin });
    return { code: await runTask(task, words, io), ...io.written };
  };
  const records = async <Record extends { readonly image: string }, Options>(
    task: Task<Options>,
    words: readonly string[],
    state: (record: Record) => string,
    stdin?: string,
  ) => {
    const { code, stdout, stderr } = await run(task, ["--output", "json", ...words], stdin);
    const images = stdout === ""
      ? []
      : (JSON.parse(stdout) as { images: readonly Record[] }).images;
    const named = images.map((record) =>
      `${record.image.replace(`${folder}/`, "")} ${state(record)}`
    );
    return { code, stderr, files: named };
  };
  return {
    folder,
    at,
    run,
    sign: (words: readonly string[], stdin?: string) =>
      records<SignRecord, never>(
        signFiles as Task<never>,
        [...KEY, ...words],
        ({ outcome }) => outcome,
        stdin,
      ),
    verify: (words: readonly string[], stdin?: string) =>
      records<ImageRecord, never>(
        verifyFiles as Task<never>,
        [...PUB, ...words],
        ({ verdict, reasons }) => [verdict, ...reasons.map(({ code }) => code)].join(" "),
        stdin,
      ),
  };
}

const all = (what: string): string[] => Object.keys(TREE).map((name) => `${name} ${what}`);

test("sign-files and verify-files do a folder, and verify-blob agrees", async (t) => {
  const { at, run, sign, verify } = await setUp(t);
  assert.deepEqual(await verify([at("dist")]), {
    code: 1,
    stderr: "",
    files: all("unsigned no-signature"),
  });
  assert.deepEqual(await sign([at("dist"), "--dry-run"]), {
    code: 0,
    stderr: "",
    files: all("to-sign"),
  });
  assert.deepEqual(await sign([at("dist")]), { code: 0, stderr: "", files: all("signed") });
  assert.deepEqual((await sign([at("dist")])).files, all("already-signed"));
  assert.deepEqual(await verify([at("dist")]), { code: 0, stderr: "", files: all("verified") });
  const words = ["--bundle", at("dist/a.tgz.sigstore.json"), at("dist/a.tgz")];
  const blob = await run(verifyBlob, [...PUB, ...words]);
  assert.deepEqual([blob.code, blob.stderr], [0, "transparency log: not checked\nVerified OK\n"]);
});

test("sign-files and verify-files take globs, lists and standard input", async (t) => {
  const { folder, at, sign, verify } = await setUp(t);
  assert.deepEqual((await sign([at("dist/**/*.tgz")])).files, [
    "dist/a.tgz signed",
    "dist/b/c.tgz signed",
  ]);
  await writeFile(at("list"), "# all of it\n\ndist/a.tgz\r\ndist/b\n../escape\n");
  const listed = await verify(["--base", folder, `@${at("list")}`]);
  assert.deepEqual(listed.files, [
    "dist/a.tgz verified",
    "dist/b/c.tgz verified",
    "dist/b/d.txt unsigned no-signature",
    "../escape failed outside-folder",
  ]);
  assert.equal(listed.code, 1);
  const piped = await verify(["--base", at("dist"), "-"], "a.tgz\nb/c.tgz\n");
  assert.deepEqual(piped, { code: 0, stderr: "", files: ["a.tgz verified", "b/c.tgz verified"] });
  assert.deepEqual((await verify(["--base", at("dist/b"), "-"], "../a.tgz\n")).files, [
    "../a.tgz failed outside-folder",
  ]);
  assert.deepEqual((await verify(["--exclude", "*.txt", at("dist")])).code, 0);
});

test("verify-files names what the lock file misses, and what it does not know", async (t) => {
  const { folder, at, sign, verify } = await setUp(t);
  const lock = ["--lock", at("dist/SHA256SUMS")];
  const signed = await sign([...lock, "--sign-lock", at("dist")]);
  assert.deepEqual(signed, {
    code: 0,
    stderr: "",
    files: [...all("signed"), "dist/SHA256SUMS signed"],
  });
  const good = { code: 0, stderr: "", files: ["dist/SHA256SUMS verified", ...all("verified")] };
  assert.deepEqual(await verify([...lock, "--signed-lock", at("dist")]), good);
  assert.deepEqual(await verify([...lock, "--signed-lock"]), good);
  assert.deepEqual(await verify([...lock]), good);

  await rm(at("dist/a.tgz"));
  await appendFile(at("dist/b/c.tgz"), "!");
  await writeFile(at("dist/new"), "x");
  assert.deepEqual(await verify([...lock, at("dist")]), {
    code: 1,
    stderr: "",
    files: [
      "dist/SHA256SUMS verified",
      "dist/b/c.tgz failed file-changed signature-mismatch",
      "dist/b/d.txt verified",
      "dist/new failed file-extra no-signature",
      "dist/a.tgz failed file-missing",
    ],
  });
  await rm(at("dist/SHA256SUMS.sigstore.json"));
  assert.equal((await verify([...lock, at("dist/b/d.txt")])).files[0], "dist/b/d.txt verified");
  assert.equal(
    (await verify([...lock, "--signed-lock"])).files[0],
    "dist/SHA256SUMS unsigned no-signature",
  );
  assert.deepEqual((await readdir(folder)).sort(), ["dist"]);
});

test("sign-files writes no lock file that would be short of some", async (t) => {
  const { at, sign } = await setUp(t);
  const lock = ["--lock", at("dist/SHA256SUMS")];
  const failed = await sign([...lock, at("dist"), at("none")]);
  assert.deepEqual(failed, {
    code: 3,
    stderr: "",
    files: [...all("signed"), "none failed", "dist/SHA256SUMS failed"],
  });
  assert.equal((await sign([...lock, "--dry-run", at("dist")])).code, 0);
  assert.ok(!(await readdir(at("dist"))).includes("SHA256SUMS"));
});

test("the exit code tells what is wrong from what could not be told", async (t) => {
  const { at, sign, verify } = await setUp(t);
  await sign([at("dist")]);
  // A folder in its place: what is there is no bundle, and no file either.
  await rm(at("dist/a.tgz.sigstore.json"));
  await writeTree(at("dist"), { "a.tgz.sigstore.json/x": "" });
  const { code, files } = await verify([at("dist/a.tgz"), at("dist/b")]);
  assert.equal(code, 3);
  assert.equal(files[0], "dist/a.tgz unknown file-unreadable");
  assert.equal((await sign([at("dist/a.tgz")])).code, 3);
  await appendFile(at("dist/b/c.tgz"), "!");
  assert.equal((await verify([at("dist/a.tgz"), at("dist/b")])).code, 1);
});

test("a run leaves its own reports and lock file out, and names files as they are typed", async (t) => {
  const { folder, at } = await setUp(t);
  const options = { cwd: folder, env: { COSIGN_PASSWORD: PASSWORD } };
  const output = ["--output", "json=report.json", "--output", "table"];
  for (const outcome of ["signed", "already-signed"]) {
    const { code, stderr } = await runScript(
      "scripts/sign_files.ts",
      [...KEY, ...output, "--lock", "SHA256SUMS", "."],
      options,
    );
    assert.equal(code, 0, stderr);
    const { images } = JSON.parse(await readFile(at("report.json"), "utf8")) as {
      readonly images: readonly SignRecord[];
    };
    assert.deepEqual(images.map(({ image }) => image), Object.keys(TREE), outcome);
    assert.ok(images.every((image) => image.outcome === outcome));
  }
  const verified = await runScript(
    "scripts/verify_files.ts",
    [...PUB, ...output, "--lock", "./SHA256SUMS", "./dist/"],
    options,
  );
  assert.equal(verified.code, 0, verified.stderr);
  assert.match(verified.stdout, /^dist\/a\.tgz +\S+ +✔ verified +bundle by /mu);
  assert.match(verified.stdout, /^3 files: 3 verified, 0 failed, 0 unsigned, 0 unknown · /mu);
  assert.equal(verified.stderr, "");
});

test("words that cannot be meant are refused, with exit code 2", async (t) => {
  const { at, run } = await setUp(t);
  await writeFile(at("broken"), "no lock\n");
  const file = at("dist/a.tgz");
  // deno-lint-ignore no-explicit-any
  const refused: readonly (readonly [Task<any>, readonly string[]])[] = [
    [signFiles, [file]],
    [signFiles, KEY],
    [signFiles, [...KEY, `@${at("none")}`]],
    [signFiles, [...KEY, "--sign-lock", file]],
    [signFiles, [...KEY, "--lock", at("none/lock"), file]],
    [signFiles, [...KEY, "--max-workers", "0", file]],
    [signFiles, [...KEY, "--base", at("none"), file]],
    [signFiles, [...KEY, "--tlog-upload=true", file]],
    [signFiles, [...KEY, "--exclude", "", file]],
    [signFiles, [...KEY, "*a*b*c*d*e*"]],
    [signFiles, [...KEY, "--output", "pdf", file]],
    [signFiles, [...KEY, at("dist"), "--exclude", "*"]],
    [verifyFiles, [...PUB]],
    [verifyFiles, [file]],
    [verifyFiles, ["--certificate-identity", "a", file]],
    [verifyFiles, [...PUB, "--signed-lock", file]],
    [verifyFiles, [...PUB, "--lock", at("none"), file]],
    [verifyFiles, [...PUB, "--lock", at("broken"), file]],
    [verifyFiles, [...PUB, "-"]],
  ];
  for (const [task, words] of refused) {
    const { code, stdout, stderr } = await run(task, words);
    assert.deepEqual([code, stdout], [2, ""], `${words.join(" ")}: ${stderr}`);
    assert.match(stderr, /^(?:Error|error): /u);
  }
  assert.deepEqual((await readdir(at("dist"))).sort(), ["a.tgz", "b"]);
});
