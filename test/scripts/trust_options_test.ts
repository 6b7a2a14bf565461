/** The flags of cosign's keyless verification, on a file's bundle, and on images in a fleet. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { serveRegistry } from "../../lib/registry/serve.ts";
import { runTask } from "../../scripts/command/task.ts";
import { task as verifyBlob } from "../../scripts/verify_blob.ts";
import { task as verifyFleet } from "../../scripts/verify_fleet.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { fixturePath, openFixtureRegistry } from "../support/fixtures.ts";
import { makeBundle, MESSAGE } from "../support/sigstore/bundle.ts";
import { detachedSct } from "../support/sigstore/certificate.ts";
import { createInstance, SIGNED_AT, trustedRootJson } from "../support/sigstore/instance.ts";
import { createSigningKey } from "../support/sigstore/keys.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const FOLDER = await temporaryFolder({ after });

async function write(name: string, content: unknown): Promise<string> {
  const file = join(FOLDER, name);
  const isRaw = typeof content === "string" || content instanceof Uint8Array;
  await writeFile(file, isRaw ? content : JSON.stringify(content));
  return file;
}

const ROOT = ["--trusted-root", fixturePath("trusted_root.json")];
const FILE = fixturePath("blobsig/blob-bundle-keyless/v0/artefact");
const BUNDLE = ["--bundle", fixturePath("blobsig/blob-bundle-keyless/v0/bundle.json")];
const ALICE = ["--certificate-identity", "alice@example.com"];
const ISSUER = ["--certificate-oidc-issuer", "http://oidc.fixture.test:8888"];
const KEY = ["--key", fixturePath("keys/cosign3-p256.pub")];

async function verify(...words: readonly string[]) {
  const io = createFakeIo();
  return { code: await runTask(verifyBlob, words, io), ...io.written };
}

test("verify-blob verifies who signed, by file and by digest", async () => {
  const content = await readFile(FILE);
  for (const file of [FILE, digestOf(content)]) {
    const { code, stderr } = await verify(...ALICE, ...ISSUER, ...ROOT, ...BUNDLE, file);
    assert.deepEqual([code, stderr], [0, "Verified OK\n"]);
  }
  const other = digestOf(encodeText("another"));
  const { code, stderr } = await verify(...ALICE, ...ISSUER, ...ROOT, ...BUNDLE, other);
  assert.equal(code, 1);
  assert.match(stderr, /failed to verify: .*other content/u);
});

test("verify-blob verifies by digest what keys of other kinds in certificates signed", async () => {
  const instance = createInstance();
  const root = ["--trusted-root", await write("root.json", trustedRootJson(instance))];
  const who = [...ALICE, "--certificate-oidc-issuer", "https://oidc.example"];
  const file = await write("message", MESSAGE);
  for (const kind of ["P-256", "P-384", "rsa", "ed25519"] as const) {
    const key = createSigningKey(kind);
    const { json } = makeBundle(instance, { entry: "hashedrekord 0.0.2", key });
    const bundle = ["--bundle", await write(`${kind}.json`, json)];
    assert.equal((await verify(...who, ...root, ...bundle, file)).code, 0, kind);
    const byDigest = await verify(...who, ...root, ...bundle, digestOf(MESSAGE));
    // What these sign is not known by the file's SHA-256.
    const isUnknown = kind === "P-384" || kind === "ed25519";
    assert.equal(byDigest.code, isUnknown ? 1 : 0, kind);
    if (isUnknown) assert.match(byDigest.stderr, /could not tell/u);
  }
});

test("verify-blob takes any of several identities, or of several issuers", async () => {
  const bob = ["--certificate-identity", "bob@example.org"];
  const other = ["--certificate-oidc-issuer", "https://other.example"];
  const common = [...ROOT, ...BUNDLE, FILE];
  assert.equal((await verify(...bob, ...ALICE, ...ISSUER, ...common)).code, 0);
  assert.equal((await verify(...ALICE, ...other, ...ISSUER, ...common)).code, 0);
  assert.equal((await verify(...bob, ...ISSUER, ...common)).code, 1);
  const crossed = await verify(...bob, ...ALICE, ...other, ...ISSUER, ...common);
  assert.deepEqual([crossed.code, /whose/u.test(crossed.stderr)], [2, true]);
});

test("verify-blob warns of expressions that match parts, and matches the whole with --anchored", async () => {
  const common = [...ISSUER, ...ROOT, ...BUNDLE, FILE];
  const as = (expression: string) => ["--certificate-identity-regexp", expression];
  const loose = await verify(...as("example"), ...common);
  assert.equal(loose.code, 0);
  assert.match(loose.stderr, /^WARNING: the expression "example" matches any text/mu);
  const begun = await verify(...as("^alice@"), ...common);
  assert.deepEqual([begun.code, begun.stderr], [0, "Verified OK\n"]);
  const whole = await verify("--anchored", ...as("example"), ...common);
  assert.equal(whole.code, 1);
  assert.doesNotMatch(whole.stderr, /WARNING/u);
  assert.equal((await verify("--anchored", ...as(".*@example\\.com"), ...common)).code, 0);
});

test("verify-blob checks the log for a key where a trusted root is given, and stamps where asked", async () => {
  const instance = createInstance();
  const root = ["--trusted-root", await write("keys-root.json", trustedRootJson(instance))];
  const key = createSigningKey();
  const pem = Buffer.from(key.spki).toString("base64");
  const pub = await write(
    "k.pub",
    `-----BEGIN PUBLIC KEY-----\n${pem}\n-----END PUBLIC KEY-----\n`,
  );
  const file = await write("message", MESSAGE);
  const make = (options: Parameters<typeof makeBundle>[1]) =>
    makeBundle(instance, { key, bare: true, ...options }).json;
  const logged = ["--bundle", await write("l.json", make({ entry: "hashedrekord 0.0.1" }))];
  const bare = ["--bundle", await write("b.json", make({ stamped: false }))];
  const stamped = ["--bundle", await write("s.json", make({ stamped: true }))];
  const run = (...words: readonly string[]) => verify("--key", pub, ...words, file);

  assert.match((await run(...bare)).stderr, /^transparency log: not checked\nVerified OK\n$/u);
  assert.equal((await run(...root, ...logged)).stderr, "Verified OK\n");
  assert.equal((await run("--require-tlog", ...root, ...logged)).code, 0);
  assert.equal((await run(...root, ...bare)).code, 1);
  const ignored = await run("--insecure-ignore-tlog", ...root, ...bare);
  assert.equal(ignored.code, 0);
  assert.match(ignored.stderr, /^WARNING: Skipping tlog.*\ntransparency log: not checked$/mu);
  const ask = ["--insecure-ignore-tlog", "--use-signed-timestamps"];
  assert.equal((await run(...ask, ...root, ...bare)).code, 1);
  assert.equal((await run(...ask, ...root, ...stamped)).code, 0);
});

test("verify-blob takes a promise of a certificate log from a file, and goes without where told", async () => {
  const instance = createInstance();
  const root = ["--trusted-root", await write("sct-root.json", trustedRootJson(instance))];
  const entry = "hashedrekord 0.0.2";
  const { json, certificate } = makeBundle(instance, { entry, certificate: { scts: [] } });
  const common = [
    ...ALICE,
    "--certificate-oidc-issuer",
    "https://oidc.example",
    ...root,
    "--bundle",
    await write("unpromised.json", json),
    await write("message", MESSAGE),
  ];
  const sct = await write("sct.json", detachedSct(instance.ct, certificate, SIGNED_AT));
  assert.match((await verify(...common)).stderr, /no promise of a certificate log/u);
  assert.equal((await verify("--sct", sct, ...common)).code, 0);
  assert.equal((await verify("--insecure-ignore-sct", ...common)).code, 0);
});

test("verify-blob refuses words that cannot be meant, with exit code 2", async () => {
  const common = [...BUNDLE, FILE];
  const twoLogs = ["--require-tlog", "--insecure-ignore-tlog"];
  const broken = await write("broken.json", "{");
  const unbegun = trustedRootJson(createInstance()) as { tlogs: { publicKey: object }[] };
  unbegun.tlogs[0]!.publicKey = { ...unbegun.tlogs[0]!.publicKey, validFor: {} };
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [[...ROOT], /--key/u],
    [[...ALICE, ...ROOT], /--certificate-oidc-issuer/u],
    [[...ISSUER, ...ROOT], /--certificate-identity/u],
    [[...ALICE, ...ISSUER, ...KEY, ...ROOT], /not both/u],
    [["--certificate-identity", "", ...ISSUER, ...ROOT], /empty/u],
    [["--certificate-identity-regexp", "", ...ISSUER, ...ROOT], /expression/u],
    [["--certificate-identity-regexp", "(", ...ISSUER, ...ROOT], /expression "\("/u],
    [[...ALICE, "--certificate-oidc-issuer", "", ...ROOT], /empty/u],
    [["--certificate-github-workflow-ref", "x", ...KEY], /workflow/u],
    [[...KEY, ...twoLogs, ...ROOT], /both/u],
    [[...KEY, "--trusted-root", join(FOLDER, "none")], /no such file/u],
    [[...KEY, "--trusted-root", broken], /broken\.json/u],
    [[...KEY, "--trusted-root", await write("unbegun.json", unbegun)], /validFor\.start/u],
    [[...ALICE, ...ISSUER, ...ROOT, "--sct", broken], /SCT/u],
  ];
  for (const [words, why] of refused) {
    const { code, stderr } = await verify(...words, ...common);
    assert.equal(code, 2, `${words.join(" ")}: ${stderr}`);
    assert.match(stderr, why);
  }
});

test("verify-fleet says who signed each image, and what was checked", async () => {
  const server = await serveRegistry(openFixtureRegistry({ referrers: true }));
  try {
    const io = createFakeIo();
    const images = ["kl-github/v0:1.0", "kl-legacy-rekor1/v0:1.0"].map((name) =>
      `${server.host}/${name}`
    );
    const who = [
      "--certificate-identity-regexp",
      "^https://github\\.com/acme/",
      "--certificate-oidc-issuer",
      "http://gh.fixture.test:8889",
    ];
    const report = ["--output", "table", "--output", `json=${join(FOLDER, "report.json")}`];
    const words = [...who, ...ROOT, "--offline", ...report, ...images];
    assert.equal(await runTask(verifyFleet, words, io), 1, io.written.stderr);
    assert.match(io.written.stdout, /bundle by https:\/\/github\.com\/acme\/widget/u);
    assert.match(io.written.stdout, /the certificate is for another identity/u);
    assert.doesNotMatch(io.written.stdout, /not checked/u);
    const { images: [first] } = JSON.parse(await readFile(join(FOLDER, "report.json"), "utf8"));
    const [{ signer, checks, notChecked }] = first.signatures;
    assert.equal(signer.kind, "certificate");
    assert.equal(signer.issuer, "http://gh.fixture.test:8889");
    assert.match(signer.fingerprint, /^[0-9a-f]{64}$/u);
    assert.deepEqual(notChecked, []);
    assert.ok(checks.includes("transparency-log") && checks.includes("certificate"));
  } finally {
    await server.close();
  }
});
