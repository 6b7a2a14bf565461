/** The tasks about keys, and the references by which keys are named. */

import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { readPrivateKey, readPublicKey } from "../../scripts/command/keys.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as generate } from "../../scripts/generate_key_pair.ts";
import { task as importTask } from "../../scripts/import_key_pair.ts";
import { task as publicKey } from "../../scripts/public_key.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { writeFakeKubectl } from "../support/fake_kubectl.ts";
import { fixturePath } from "../support/fixtures.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const FOLDER = await temporaryFolder({ after });
const at = (name: string): string => join(FOLDER, name);
const PEM = await readFile(fixturePath("keys/p384.pub"), "utf8");
const SEALED = await readFile(fixturePath("keys/p384.key"), "utf8");
const PASSWORD = { COSIGN_PASSWORD: "p384-pw" };

async function run<Options>(
  task: Task<Options>,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const io = createFakeIo({ env: { COSIGN_PASSWORD: "secret", ...env } });
  return { code: await runTask(task, words, io), ...io.written };
}

test("import-key-pair writes a pair that is read back, and overwrites only with --yes", async () => {
  const words = ["-k", fixturePath("keys/rsa2048.plain.pem"), "-o", at("imported")];
  const first = await run(importTask, words);
  assert.deepEqual([first.code, first.stdout], [0, ""], first.stderr);
  assert.equal(
    first.stderr,
    `Private key written to ${at("imported")}.key\nPublic key written to ${at("imported")}.pub\n`,
  );
  assert.equal((await stat(at("imported.key"))).mode & 0o777, 0o600);
  const shown = await run(publicKey, ["--key", at("imported.key")]);
  assert.equal(shown.stdout, await readFile(fixturePath("keys/rsa2048.pub"), "utf8"));
  const again = await run(importTask, words);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /exists/u);
  assert.equal((await run(importTask, [...words, "-y"])).code, 0);
  const missing = await run(importTask, ["--key", at("none")]);
  assert.equal(missing.code, 2);
});

test("public-key prints the key of a private one, or writes it to a file", async () => {
  const key = ["--key", fixturePath("keys/p384.key")];
  const shown = await run(publicKey, key, PASSWORD);
  assert.deepEqual([shown.code, shown.stdout, shown.stderr], [0, PEM, ""]);
  const written = await run(publicKey, [...key, "--outfile", at("out.pub")], PASSWORD);
  assert.deepEqual([written.code, written.stdout], [0, ""]);
  assert.equal(written.stderr, `Public key written to ${at("out.pub")}\n`);
  assert.equal(await readFile(at("out.pub"), "utf8"), PEM);
  assert.equal((await run(publicKey, key)).code, 2, "the password is wrong");
});

test("env:// names a variable with the key itself", async () => {
  const io = createFakeIo({ env: { ...PASSWORD, MINE: SEALED, PUB: PEM } });
  assert.equal((await readPublicKey("env://PUB", io)).key.pem, PEM);
  assert.equal((await readPrivateKey("env://MINE", io)).publicKey.pem, PEM);
  await assert.rejects(readPublicKey("env://NONE", io), { code: "USAGE" });
});

test("a KMS that is not supported is no file name", async () => {
  for (const name of ["awskms:///alias/x", "gcpkms://p", "hashivault://k", "pkcs11:slot-id=0"]) {
    await assert.rejects(readPublicKey(name, createFakeIo()), { code: "USAGE" });
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a key is fetched from a URL, and only an answer of 200 is one", async () => {
  const moved: Readonly<Record<string, string>> = {
    "/moved": "/key",
    "/round": "/round",
    "/away": "http://192.0.2.1/",
  };
  const origin = await serve(({ url }, response) => {
    const location = moved[url ?? ""];
    if (location !== undefined) response.writeHead(302, { location }).end();
    else if (url === "/large") response.end("x".repeat(2 * 1024 * 1024));
    else response.writeHead(url?.startsWith("/key") === true ? 200 : 404).end(PEM);
  });
  const io = createFakeIo();
  for (const path of ["/key", "/moved"]) {
    assert.equal((await readPublicKey(origin + path, io)).key.pem, PEM);
  }
  const { name } = await readPublicKey(`${origin}/key?token=hidden`, io);
  assert.equal(name, `${origin}/key`, "what may be secret is in no report");
  // An error page that holds a key is not one (cosign#4877).
  for (const path of ["/none", "/round", "/away", "/large"]) {
    await assert.rejects(readPublicKey(origin + path, io), { code: "USAGE" }, path);
  }
  await assert.rejects(readPublicKey("http://192.0.2.1/key", io), /want https/u);
});

test("generate-key-pair keeps a pair in a secret of Kubernetes, and no argument tells of it", async (t) => {
  const folder = await temporaryFolder(t);
  const kubectl = await writeFakeKubectl(folder);
  const prefix = ["--output-key-prefix", join(folder, "cosign")];
  const made = await run(generate, ["k8s://ci/signing", ...prefix], kubectl.env);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /^Successfully created secret signing in namespace ci\n/u);
  const { metadata, data } = await kubectl.secret();
  assert.deepEqual(metadata, { namespace: "ci", name: "signing" });
  assert.deepEqual(Object.keys(data).sort(), ["cosign.key", "cosign.password", "cosign.pub"]);
  assert.equal(atob(data["cosign.password"]!), "secret");
  const words = await kubectl.words();
  assert.doesNotMatch(words, /secret["']?$|PRIVATE|cosign\./mu);
  assert.match(words, /^create --filename -$/mu);

  // The secret has its own password; the environment's is for files.
  const io = createFakeIo({ env: { ...kubectl.env, COSIGN_PASSWORD: "other" } });
  const key = await readPrivateKey("k8s://ci/signing", io);
  const pub = await readPublicKey("k8s://ci/signing", io);
  assert.equal(key.publicKey.pem, pub.key.pem);
  assert.equal(await readFile(join(folder, "cosign.pub"), "utf8"), pub.key.pem);
  assert.deepEqual(await key.sign(encodeText("x")).then(({ length }) => length > 60), true);

  const other = ["--output-key-prefix", join(folder, "other")];
  const again = await run(generate, ["k8s://ci/signing", ...other], kubectl.env);
  assert.equal(again.code, 2, "the key that is there is not lost");
  assert.deepEqual((await kubectl.secret()).data, data);
});

test("generate-key-pair leaves what else a secret holds", async (t) => {
  const folder = await temporaryFolder(t);
  const kubectl = await writeFakeKubectl(folder);
  await kubectl.put({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "signing", namespace: "ci", resourceVersion: "7", labels: { a: "b" } },
    data: { other: "eA==" },
  });
  const words = ["k8s://ci/signing", "--output-key-prefix", join(folder, "cosign")];
  const made = await run(generate, words, kubectl.env);
  assert.equal(made.code, 0, made.stderr);
  const { metadata, data } = await kubectl.secret();
  assert.equal(metadata["resourceVersion"], "7", "a write in between makes it fail");
  assert.deepEqual(metadata["labels"], { a: "b" });
  assert.equal(data["other"], "eA==");
  assert.match(await kubectl.words(), /^replace --filename -$/mu);
});

test("a reference to a secret that kubectl could take for something else is refused", async () => {
  const bad = ["k8s://", "k8s://ci", "k8s://ci/a/b", "k8s://-n/x", "k8s://ci/--all", "k8s://CI/x"];
  for (const name of bad) {
    await assert.rejects(readPublicKey(name, createFakeIo()), { code: "USAGE" }, name);
    assert.equal((await run(generate, [name])).code, 2);
  }
  assert.equal((await run(generate, ["gitlab://project"])).code, 2);
});

test("a secret that is not there, or without the key, is said to be so", async (t) => {
  const folder = await temporaryFolder(t);
  const kubectl = await writeFakeKubectl(folder);
  const io = createFakeIo({ env: kubectl.env });
  await assert.rejects(readPublicKey("k8s://ci/none", io), /no such secret/u);
  await kubectl.put({ data: { "cosign.key": "!" } });
  await assert.rejects(readPublicKey("k8s://ci/none", io), /no cosign\.pub/u);
  await assert.rejects(readPrivateKey("k8s://ci/none", io), /not base64/u);
  const nowhere = createFakeIo({ env: { PATH: folder } });
  await assert.rejects(readPublicKey("k8s://ci/none", nowhere), { code: "USAGE" });
  await writeFile(join(folder, "bin", "kubectl"), "#!/bin/sh\necho 'no server' >&2; exit 1\n");
  await assert.rejects(readPublicKey("k8s://ci/none", io), /no server/u);
});
