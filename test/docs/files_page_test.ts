import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { codeBlocks } from "../support/code_blocks.ts";
import { writeTree } from "../support/file_tree.ts";
import { readProjectFile, ROOT } from "../support/repo.ts";
import { runScript } from "../support/run_script.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const PAGE = readProjectFile("docs/files.md");

test("the commands of docs/files.md do what it says, one after another, and so does its script", async (t) => {
  const folder = await temporaryFolder(t);
  await writeTree(folder, {
    "dist/app.tgz": "app",
    "vendor/a/b.tgz": "b",
    "vendor/.git/c.tgz": "c",
    "files.txt": "dist\n",
  });
  const run = async (words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runScript("scripts/sigfleet.ts", words, {
      cwd: folder,
      env: { COSIGN_PASSWORD: "secret" },
    });
    assert.equal(code, 0, `${words.join(" ")}\n${stderr}${stdout}`);
    return stdout;
  };
  await run(["generate-key-pair"]);
  const commands = codeBlocks(PAGE, "sh").flatMap((block) => block.trim().split("\n"));
  assert.ok(commands.length >= 5);
  for (const command of commands) {
    const [program, ...words] = command.replaceAll("'", "").split(" ");
    assert.equal(program, "sigfleet");
    const table = await run(words);
    assert.doesNotMatch(table, /\.git/u);
  }

  const [script = ""] = codeBlocks(PAGE, "ts");
  const file = join(folder, "script.mts");
  const library = pathToFileURL(join(ROOT, "mod.ts")).href;
  await writeFile(file, script.replace(`from "sigfleet"`, `from "${library}"`));
  const { code, stdout, stderr } = await runScript(file, [], { cwd: folder });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "dist/SHA256SUMS verified\ndist/app.tgz verified\n");
});
