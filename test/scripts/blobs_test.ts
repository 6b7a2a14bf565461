/** sign-blob, verify-blob, attest-blob, verify-blob-attestation and bundle inspect. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { digestOf } from "../../lib/reference/digest.ts";
import { encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as attest } from "../../scripts/attest_blob.ts";
import { task as inspect } from "../../scripts/bundle_inspect.ts";
import { task as sign } from "../../scripts/sign_blob.ts";
import { task as verify } from "../../scripts/verify_blob.ts";
import { task as verifyAttestation } from "../../scripts/verify_blob_attestation.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { fixturePath } from "../support/fixtures.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const FOLDER = await temporaryFolder({ after });
const at = (name: string): string => join(FOLDER, name);
const TEXT = "my test artefact\n";
const FILE = at("artefact");
const BIG = at("big");
await writeFile(FILE, TEXT);
// Larger than what is held in memory as a matter of course.
await writeFile(BIG, new Uint8Array(3 * 1024 * 1024).fill(7));
const DIGEST = digestOf(encodeText(TEXT));

const keyOf = (name: string) => ["--key", fixturePath(`keys/${name}.key`)];
const pubOf = (name: string) => ["--key", fixturePath(`keys/${name}.pub`)];

async function run<Options>(task: Task<Options>, words: readonly string[], {
  stdin = "",
  key = "p384",
}: { readonly stdin?: string; readonly key?: string } = {}) {
  const io = createFakeIo({ env: { COSIGN_PASSWORD: `${key}-pw` }, stdin });
  return { code: await runTask(task, words, io), ...io.written };
}

const KEYS = ["imported-p256", "p384", "p521", "rsa2048", "rsa3072", "rsa4096", "ed25519"];
for (const key of KEYS) {
  test(`sign-blob and verify-blob work with ${key}, small file and large, bundle and signature`, async () => {
    for (const file of [FILE, BIG]) {
      const bundle = at(`${key}.json`);
      const signature = at(`${key}.sig`);
      const words = [...keyOf(key), "--bundle", bundle, "--output-signature", signature, file];
      const signed = await run(sign, words, { key });
      assert.deepEqual([signed.code, signed.stdout], [0, ""], signed.stderr);
      assert.equal(
        signed.stderr,
        `Using payload from: ${file}\nWrote bundle to file ${bundle}\n` +
          `Wrote signature to file ${signature}\n`,
      );
      for (const found of [["--bundle", bundle], ["--signature", signature]]) {
        const verified = await run(verify, [...pubOf(key), ...found, file]);
        assert.deepEqual([verified.code, verified.stdout], [0, ""], verified.stderr);
        assert.equal(verified.stderr, "transparency log: not checked\nVerified OK\n");
        const other = file === FILE ? BIG : FILE;
        assert.equal((await run(verify, [...pubOf(key), ...found, other])).code, 1);
        const stranger = await run(verify, [...pubOf("wrong-p256"), ...found, file]);
        assert.equal(stranger.code, 1);
        assert.match(stranger.stderr, /^Error: failed to verify: /mu);
      }
    }
  });
}

test("sign-blob prints the signature alone as cosign 1.3.1 did, and takes its flags", async () => {
  const printed = await run(sign, [...keyOf("p384"), FILE]);
  assert.equal(printed.code, 0);
  assert.match(printed.stdout, /^[A-Za-z0-9+/]+=*\n$/u);
  assert.equal(printed.stderr, `Using payload from: ${FILE}\n`);
  const given = await run(verify, [...pubOf("p384"), "--signature", printed.stdout.trim(), FILE]);
  assert.equal(given.code, 0, given.stderr);

  const old = await run(sign, [...keyOf("p384"), "-output", at("old.sig"), FILE]);
  assert.equal(old.code, 0, old.stderr);
  const raw = await run(sign, [...keyOf("p384"), "--b64=false", "--output", at("raw.sig"), FILE]);
  assert.equal(raw.code, 0, raw.stderr);
  assert.equal((await readFile(at("raw.sig")))[0], 0x30);
  for (const file of ["old.sig", "raw.sig"]) {
    assert.equal((await run(verify, [...pubOf("p384"), "--signature", at(file), FILE])).code, 0);
  }
});

test("sign-blob and verify-blob take standard input, and cosign 2's bundle", async () => {
  const words = [...keyOf("p384"), "--bundle", at("two.json"), "--new-bundle-format=false", "-"];
  const signed = await run(sign, words, { stdin: TEXT });
  assert.equal(signed.code, 0, signed.stderr);
  assert.deepEqual(JSON.parse(await readFile(at("two.json"), "utf8")), {
    base64Signature: signed.stdout.trim(),
  });
  const checked = [...pubOf("p384"), "--bundle", at("two.json"), "-"];
  assert.equal((await run(verify, checked, { stdin: TEXT })).code, 0);
  assert.equal((await run(verify, checked, { stdin: "other" })).code, 1);
});

test("verify-blob takes a digest in place of the file, where the key signs that", async () => {
  const signed = [...keyOf("imported-p256"), "--bundle", at("p256.json"), FILE];
  assert.equal((await run(sign, signed, { key: "imported-p256" })).code, 0);
  const words = [...pubOf("imported-p256"), "--bundle", at("p256.json")];
  assert.equal((await run(verify, [...words, DIGEST])).code, 0);
  const other = digestOf(encodeText("other"));
  assert.equal((await run(verify, [...words, other])).code, 1);
  assert.equal((await run(verify, [...words, "sha256:12"])).code, 2);
  for (const key of ["p384", "p521", "ed25519"]) {
    const bundle = ["--bundle", at(`${key}-digest.json`)];
    assert.equal((await run(sign, [...keyOf(key), ...bundle, FILE], { key })).code, 0);
    const told = await run(verify, [...pubOf(key), ...bundle, DIGEST]);
    assert.equal(told.code, 1);
    assert.match(told.stderr, /^Error: could not tell: a key of this kind signs /u);
  }
});

test("verify-blob fetches a signature from a URL", async () => {
  const server = createServer((_request, response) =>
    void readFile(at("old.sig")).then((bytes) => response.end(bytes))
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/old.sig`;
  const fetched = await run(verify, [...pubOf("p384"), "--signature", url, FILE]);
  assert.equal(fetched.code, 0, fetched.stderr);
});

test("attest-blob and verify-blob-attestation agree, by name of the type and by URI", async () => {
  await writeFile(at("predicate.json"), '{"note":"x"}');
  const predicate = ["--predicate", at("predicate.json")];
  const out = ["--bundle", at("att.json"), "--output-attestation", at("statement.json")];
  const made = await run(attest, [
    ...keyOf("p384"),
    ...predicate,
    "--type",
    "openvex",
    ...out,
    FILE,
  ]);
  assert.deepEqual([made.code, made.stdout], [0, ""], made.stderr);
  assert.equal(
    await readFile(at("statement.json"), "utf8"),
    '{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"artefact","digest":' +
      `{"sha256":"${DIGEST.slice(7)}"}}],"predicateType":"https://openvex.dev/ns",` +
      '"predicate":{"note":"x"}}',
  );
  const check = (...words: readonly string[]) =>
    run(verifyAttestation, [...pubOf("p384"), ...words]);
  const bundle = ["--bundle", at("att.json")];
  for (const type of ["openvex", "https://openvex.dev/ns"]) {
    assert.equal((await check(...bundle, "--type", type, FILE)).code, 0);
    const digest = ["--digest", DIGEST.slice(7), "--digestAlg", "sha256"];
    assert.equal((await check(...bundle, "--type", type, ...digest)).code, 0);
    const other = await check(...bundle, "--type", type, BIG);
    assert.equal(other.code, 1, "it is about another file");
    const unclaimed = await check(...bundle, "--type", type, "--check-claims=false", BIG);
    assert.equal(unclaimed.code, 0, unclaimed.stderr);
  }
  const wrong = await check(...bundle, "--type", "spdx", FILE);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /another predicate type.*spdx\.dev.*openvex/u);
  const signature = await run(verify, [...pubOf("p384"), ...bundle, FILE]);
  assert.equal(signature.code, 1);
  assert.match(signature.stderr, /attestation, which is no signature/u);
  assert.equal((await check("--bundle", at("p384.json"), FILE)).code, 1, "and the reverse");

  const plain = await run(attest, [...keyOf("p384"), "--statement", at("statement.json")]);
  assert.equal(plain.code, 0, plain.stderr);
  await writeFile(at("envelope.json"), plain.stdout);
  const envelope = await check("--signature", at("envelope.json"), "--type", "openvex", FILE);
  assert.equal(envelope.code, 0, envelope.stderr);
  const foreign = await run(attest, [...keyOf("p384"), "--statement", at("statement.json"), BIG]);
  assert.equal(foreign.code, 1);
  const hashed = await run(attest, [
    ...keyOf("p384"),
    ...predicate,
    "--hash",
    DIGEST.slice(7),
    "elsewhere",
  ]);
  assert.equal(hashed.code, 0, hashed.stderr);
});

test("bundle inspect prints what cosign prints of bundles by keys", async () => {
  const { code, stdout } = await run(inspect, [
    fixturePath("blobsig/blob-attestation/v0/bundle.json"),
  ]);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `- Bundle Media Type: application/vnd.dev.sigstore.bundle.v0.3+json
- Verification Material:
  - Content: Public Key Identifier
    - Hint: 01969c86f9700bc62a7f44dab831bcf17f1652f653242c2960a5d19f3590cd9b
- Content:
  - Type: DSSE Envelope
  - Payload Type: application/vnd.in-toto+json
  - Payload: Present (300 bytes)
  - Payload Content (in-toto):
    - Predicate Type: https://cosign.sigstore.dev/attestation/v1
    - Subjects: 1
      - Name: artefact
  - Signatures: 1
    - Signature [0]:
      - Signature: Present (72 bytes)
`,
  );
  const signed = await run(inspect, [fixturePath("blobsig/blob-bundle-key/v3/bundle.json")]);
  assert.match(signed.stdout, /^ {4}- Algorithm: SHA2_384\n {4}- Digest: Present \(48 bytes\)$/mu);
  const keyless = await run(inspect, [fixturePath("blobsig/blob-bundle-keyless/v2/bundle.json")]);
  assert.match(keyless.stdout, /^ {6}- Integrated Time: 2026-11-23T10:54:48Z$/mu);
  assert.equal((await run(inspect, [FILE])).code, 1);
  assert.equal((await run(inspect, [at("none")])).code, 2);
});

test("a message bundle whose digest is another's, or left out, is judged by the file", async () => {
  const bundle = JSON.parse(await readFile(at("p384-digest.json"), "utf8")) as {
    messageSignature: { messageDigest: object };
  };
  const words = [...pubOf("p384"), "--bundle", at("altered.json"), FILE];
  const judge = async (messageDigest: object) => {
    const messageSignature = { ...bundle.messageSignature, messageDigest };
    await writeFile(at("altered.json"), JSON.stringify({ ...bundle, messageSignature }));
    return await run(verify, words);
  };
  assert.equal((await judge({})).code, 0, "cosign 3 leaves it out for Ed25519");
  const digest = encodeBase64(new Uint8Array(48));
  const wrong = await judge({ algorithm: "SHA2_384", digest });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /digest in its bundle is another/u);
});

test("a bundle with a certificate is not verified by a key", async () => {
  const bundle = fixturePath("blobsig/blob-bundle-keyless/v0/bundle.json");
  const file = fixturePath("blobsig/blob-bundle-keyless/v0/artefact");
  const { code, stderr } = await run(verify, [...pubOf("p384"), "--bundle", bundle, file]);
  assert.equal(code, 1);
  assert.match(stderr, /with a certificate, and no key asked for made it/u);
});

test("words that cannot be meant are refused, with exit code 2", async () => {
  const key = keyOf("p384");
  const pub = pubOf("p384");
  // deno-lint-ignore no-explicit-any
  const refused: readonly (readonly [Task<any>, readonly string[]])[] = [
    [sign, [FILE]],
    [sign, [...key, at("none")]],
    [sign, [...key, "--bundle", at("x"), FILE, BIG]],
    [sign, [...key, "--b64=false", FILE]],
    [sign, [...key, "--signing-config", at("none"), FILE]],
    [sign, ["--identity-token", "x", FILE]],
    [sign, [...key, "--identity-token", "x", FILE]],
    [sign, [...key, "--bundle", FOLDER, FILE]],
    [verify, [...pub, FILE]],
    [verify, [...pub, "--bundle", at("none"), FILE]],
    [verify, [...pub, "--signature", at("n.one"), FILE]],
    [verify, [...pub, "--bundle", at("p384.json"), "--signature", "x", FILE]],
    [verify, [...pub, "--bundle", at("p384.json"), at("none")]],
    [verify, ["--certificate-identity", "a", "--bundle", at("p384.json"), FILE]],
    [attest, [...key, FILE]],
    [attest, [...key, "--predicate", "-", "-"]],
    [attest, [...key, "--predicate", FILE, "--type", "nonsense", FILE]],
    [attest, [...key, "--predicate", FILE, "--hash", "12", FILE]],
    [verifyAttestation, [...pub, "--bundle", at("p384.json")]],
    [verifyAttestation, [
      ...pub,
      "--bundle",
      at("p384.json"),
      "--digest",
      "ab",
      "--digestAlg",
      "md5",
    ]],
  ];
  for (const [task, words] of refused) {
    const { code, stdout, stderr } = await run(task, words);
    assert.deepEqual([code, stdout], [2, ""], `${words.join(" ")}: ${stderr}`);
  }
});
