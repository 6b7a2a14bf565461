import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../lib/base/errors.ts";
import { RegistryError } from "../../lib/registry/registry_error.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { createFakeIo } from "../support/fake_io.ts";

interface Flags {
  readonly loud?: boolean;
  readonly color?: boolean;
}

function taskThat(run: Task<Flags>["run"]): Task<Flags> {
  return {
    name: "try",
    summary: "Try it",
    examples: [["try it", "see"]],
    define(command) {
      command.argument("[word...]").option("--loud").option("--no-color");
    },
    run,
  };
}

test("runTask() hands over arguments and options, and gives the task's exit code", async () => {
  const task = taskThat((args, flags) => {
    assert.deepEqual(args, ["a", "b"]);
    assert.equal(flags.loud, true);
    return Promise.resolve(3);
  });
  assert.equal(await runTask(task, ["a", "--loud", "b"], createFakeIo()), 3);
});

test("runTask() reads --flag=false and --flag=true as Go's flags", async () => {
  const seen: Flags[] = [];
  const task = taskThat((_args, flags) => {
    seen.push({ ...flags });
    return Promise.resolve(0);
  });
  await runTask(task, ["--loud=true", "--color=false"], createFakeIo());
  await runTask(task, ["--loud=false", "--color=true"], createFakeIo());
  assert.deepEqual(seen, [{ color: false, loud: true }, { color: true }]);
});

test("runTask() gives 2 for a wrong command line, and says what is wrong", async () => {
  const io = createFakeIo();
  assert.equal(await runTask(taskThat(() => Promise.resolve(0)), ["--nope"], io), 2);
  assert.match(io.written.stderr, /unknown option '--nope'/u);
  assert.equal(io.written.stdout, "");
});

test("runTask() gives 2 for a usage error and 1 for another, without a stack", async () => {
  const usage = createFakeIo();
  const fails = (error: Error): Task<Flags> => taskThat(() => Promise.reject(error));
  assert.equal(await runTask(fails(new UsageError("Cannot: so")), [], usage), 2);
  assert.equal(usage.written.stderr, "Error: Cannot: so\n");
  const details = { failure: "unavailable", request: "GET x", attempts: 1 } as const;
  const io = createFakeIo();
  assert.equal(await runTask(fails(new RegistryError("down\u001b[2J", details)), [], io), 1);
  assert.match(io.written.stderr, /^Error: Cannot GET x: down\\u001b\[2J\n$/u);
});

test("runTask() shows help with examples on standard output, and gives 0", async () => {
  const io = createFakeIo();
  assert.equal(await runTask(taskThat(() => Promise.resolve(1)), ["--help"], io), 0);
  assert.match(io.written.stdout, /^Usage: sigfleet try/u);
  assert.match(io.written.stdout, /Examples:\n {2}# see\n {2}\$ sigfleet try it\n$/u);
});
