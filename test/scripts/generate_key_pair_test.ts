import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { parsePrivateKey } from "../../lib/keys/private_key.ts";
import { parsePublicKey } from "../../lib/keys/public_key.ts";
import { openSealedKey } from "../../lib/keys/sealed_key.ts";
import { task } from "../../scripts/generate_key_pair.ts";
import { runTask } from "../../scripts/command/task.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

async function opened(prefix: string, password: string): Promise<boolean> {
  const sealed = await readFile(`${prefix}.key`, "utf8");
  const key = parsePrivateKey(await openSealedKey(sealed, encodeText(password)));
  return key.publicKey.fingerprint ===
    parsePublicKey(await readFile(`${prefix}.pub`, "utf8")).fingerprint;
}

test("generate-key-pair writes a pair under COSIGN_PASSWORD, the private key for its owner only", async (t) => {
  const prefix = join(await temporaryFolder(t), "cosign");
  const io = createFakeIo({ env: { COSIGN_PASSWORD: "secret" } });
  assert.equal(await runTask(task, ["--output-key-prefix", prefix], io), 0);
  assert.equal(
    io.written.stderr,
    `Private key written to ${prefix}.key\nPublic key written to ${prefix}.pub\n`,
  );
  assert.equal((await stat(`${prefix}.key`)).mode & 0o777, 0o600);
  assert.equal((await stat(`${prefix}.pub`)).mode & 0o777, 0o644);
  assert.match(
    await readFile(`${prefix}.key`, "utf8"),
    /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n/u,
  );
  assert.ok(await opened(prefix, "secret"));
});

test("generate-key-pair takes an empty COSIGN_PASSWORD as the password", async (t) => {
  const prefix = join(await temporaryFolder(t), "cosign");
  const io = createFakeIo({ env: { COSIGN_PASSWORD: "" }, stdin: "other" });
  assert.equal(await runTask(task, ["--output-key-prefix", prefix], io), 0);
  assert.ok(await opened(prefix, ""));
});

test("generate-key-pair takes all of standard input as the password", async (t) => {
  const prefix = join(await temporaryFolder(t), "cosign");
  const io = createFakeIo({ stdin: "two\nlines\n" });
  assert.equal(await runTask(task, ["--output-key-prefix", prefix], io), 0);
  assert.ok(await opened(prefix, "two\nlines\n"));
});

test("generate-key-pair asks twice on a terminal, and refuses two passwords that differ", async (t) => {
  const prefix = join(await temporaryFolder(t), "cosign");
  const asked: string[] = [];
  const answering = (...answers: string[]) => {
    const io = createFakeIo();
    const ask = (question: string, { hidden }: { hidden: boolean }): Promise<string> => {
      asked.push(`${question}${hidden}`);
      return Promise.resolve(answers.shift()!);
    };
    return { ...io, stdin: { ...io.stdin, isTTY: true, ask } };
  };
  assert.equal(await runTask(task, ["--output-key-prefix", prefix], answering("one", "two")), 2);
  assert.equal(await runTask(task, ["--output-key-prefix", prefix], answering("one", "one")), 0);
  assert.ok(await opened(prefix, "one"));
  assert.deepEqual(asked.slice(0, 2), [
    "Enter password for private key: true",
    "Enter password for private key again: true",
  ]);

  assert.equal(await runTask(task, ["--output-key-prefix", prefix], answering("n")), 1);
  assert.ok(await opened(prefix, "one"), "a declined overwrite leaves the pair");
  const yes = answering("y", "y", "new", "new");
  assert.equal(await runTask(task, ["--output-key-prefix", prefix], yes), 0);
  assert.ok(await opened(prefix, "new"));
});

test("generate-key-pair overwrites nothing where nobody can be asked", async (t) => {
  const prefix = join(await temporaryFolder(t), "cosign");
  await writeFile(`${prefix}.pub`, "precious");
  const io = createFakeIo({ env: { COSIGN_PASSWORD: "secret" } });
  assert.equal(await runTask(task, ["--output-key-prefix", prefix], io), 2);
  assert.equal(await readFile(`${prefix}.pub`, "utf8"), "precious");
  await assert.rejects(stat(`${prefix}.key`));
});
