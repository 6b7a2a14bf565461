import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { runTask } from "../../scripts/command/task.ts";
import { TASKS } from "../../scripts/command/tasks.ts";
import { task } from "../../scripts/completion.ts";
import { createFakeIo } from "../support/fake_io.ts";

async function scriptFor(shell: string): Promise<string> {
  const io = createFakeIo();
  assert.equal(await runTask(task, [shell], io), 0);
  return io.written.stdout;
}

/** What bash offers after some words, the last of them unfinished. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `${await scriptFor("bash")}
COMP_WORDS=(sigfleet ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}
_sigfleet; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)("bash", ["-c", script]);
  return stdout.split("\n").filter((line) => line !== "");
}

test("completion bash offers the tasks, of one word and of two", async () => {
  const firsts = [...new Set(Object.keys(TASKS).map((name) => name.split(" ")[0]!))];
  assert.deepEqual((await offered("")).sort(), firsts.sort());
  assert.deepEqual(await offered("sign-t"), ["sign-tags"]);
  assert.deepEqual(await offered("manifest", ""), ["verify"]);
});

test("completion bash offers a task's flags, and no hidden ones", async () => {
  assert.deepEqual(await offered("verify-fleet", "--out"), ["--output"]);
  assert.deepEqual(await offered("manifest", "verify", "--ke"), ["--key"]);
  assert.deepEqual(await offered("verify", "--experimental"), []);
});

test("completion zsh and fish name every task", async () => {
  for (const shell of ["zsh", "fish"]) {
    const script = await scriptFor(shell);
    for (const name of Object.keys(TASKS)) assert.ok(script.includes(name.split(" ")[0]!), name);
  }
});

test("completion refuses another shell", async () => {
  assert.equal(await runTask(task, ["tcsh"], createFakeIo()), 2);
});
