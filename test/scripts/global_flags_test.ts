import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../lib/base/clock.ts";
import { parseDuration } from "../../scripts/command/duration.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as verify } from "../../scripts/verify.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const SPEAK: Task = {
  name: "speak",
  summary: "Speak",
  examples: [],
  define: () => {},
  async run(_args, _flags, { stdout, log }) {
    await stdout.write("one\n");
    log?.("a line");
    await stdout.write("two\n");
    return 0;
  },
};

test("parseDuration() reads Go's durations, and nothing else", () => {
  const read = ["90s", "3m0s", "1h30m", "1.5h", "250ms", "0s"].map(parseDuration);
  assert.deepEqual(read, [90_000, 180_000, 5_400_000, 5_400_000, 250, 0]);
  for (const text of ["", "3", "3 m", "-1s", "1d", "s", "1m x"]) {
    assert.throws(() => parseDuration(text), { code: "USAGE" });
  }
});

test("--output-file takes what goes to standard output", async (context) => {
  const file = join(await temporaryFolder(context), "out");
  const io = createFakeIo();
  assert.equal(await runTask(SPEAK, ["--output-file", file], io), 0);
  assert.deepEqual(io.written, { stdout: "", stderr: "" });
  assert.equal(await readFile(file, "utf8"), "one\ntwo\n");
  assert.equal(await runTask(SPEAK, ["--output-file", join(file, "below")], io), 2);
});

test("--verbose tells what goes on, on standard error", async () => {
  const io = createFakeIo();
  assert.equal(await runTask(SPEAK, ["-d"], io), 0);
  assert.deepEqual(io.written, { stdout: "one\ntwo\n", stderr: "a line\n" });
});

test("--timeout ends a task whose registry never answers, and leaves another alone", async (context) => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const io = {
    ...createFakeIo({ env: { KEY: PUBLIC_KEY, DOCKER_CONFIG: "nowhere" } }),
    clock: systemClock,
  };
  const image = `127.0.0.1:${port}/team/app:1.0`;
  assert.equal(await runTask(verify, ["--key", "env://KEY", "-t", "100ms", image], io), 1);
  assert.match(io.written.stderr, /Gave up after 0\.1 s/u);
  assert.equal(await runTask(SPEAK, ["--timeout", "1h"], createFakeIo()), 0);
});

const PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9tcX9tW/5QI3KVwbXznHd6h3ZfNU
7diOsNNhEaf1Q4QKzU3pXqj3zpT48ADoT7tDLn17ZFAGi3kiDyvjLxPMvA==
-----END PUBLIC KEY-----
`;
