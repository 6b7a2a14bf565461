/** attest, verify-attestation, download and attach, over the embedded registry. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { task as attachAttestation } from "../../scripts/attach_attestation.ts";
import { task as attachSbom } from "../../scripts/attach_sbom.ts";
import { task as attachSignature } from "../../scripts/attach_signature.ts";
import { task as attest } from "../../scripts/attest.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as downloadAttestation } from "../../scripts/download_attestation.ts";
import { task as downloadSignature } from "../../scripts/download_signature.ts";
import { task as generate } from "../../scripts/generate_key_pair.ts";
import { task as verifyAttestation } from "../../scripts/verify_attestation.ts";
import { createFakeIo } from "../support/fake_io.ts";
import { serveImages } from "../support/served_registry.ts";
import { countWrites } from "../support/stored_signatures.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const FOLDER = await temporaryFolder({ after });
const { server, registry } = await serveImages(["team/app:1.0", "team/app:2.0", "team/app:3.0"]);
after(() => server.close());

const at = (name: string): string => join(FOLDER, name);
const IMAGE = `${server.host}/team/app:1.0`;
const KEY = ["--key", at("cosign.key")];
const PUBLIC_KEY = ["--key", at("cosign.pub")];

async function run<Options>(task: Task<Options>, words: readonly string[], stdin = "") {
  const io = createFakeIo({ env: { COSIGN_PASSWORD: "" }, stdin });
  return { code: await runTask(task, words, io), ...io.written };
}

assert.equal((await run(generate, ["--output-key-prefix", at("cosign")])).code, 0);

test("attest takes a predicate from standard input, and verify-attestation prints the envelope", async () => {
  const made = await run(attest, [...KEY, "--predicate", "-", "--type", "spdx", IMAGE], "text");
  assert.equal(made.code, 0, made.stderr);
  const found = await run(verifyAttestation, [...PUBLIC_KEY, "--type", "spdx", IMAGE]);
  assert.equal(found.code, 0, found.stderr);
  const { payload } = JSON.parse(found.stdout) as { readonly payload: string };
  assert.equal((JSON.parse(atob(payload)) as { predicate: string }).predicate, "text");
  const text = await run(verifyAttestation, [...PUBLIC_KEY, "--type=spdx", "-o", "text", IMAGE]);
  assert.equal(text.stdout, found.stdout);
  const missing = `${server.host}/team/app:none`;
  const both = await run(verifyAttestation, [...PUBLIC_KEY, "--type", "spdx", missing, IMAGE]);
  assert.deepEqual([both.code, both.stdout], [1, found.stdout], "every image is tried");
});

test("attest signs a statement as it stands, if it is about the image", async () => {
  const { digest } = registry.manifest("team/app", "2.0")!;
  const image = `${server.host}/team/app@${digest}`;
  const statementFor = (hex: string) =>
    `{ "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/x",
       "subject": [{ "digest": { "sha256": "${hex}" } }], "predicate": {} }`;
  await writeFile(at("good.json"), statementFor(digest.slice(7)));
  await writeFile(at("bad.json"), statementFor("00".repeat(32)));
  const bad = await run(attest, [...KEY, "--statement", at("bad.json"), image]);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /no subject with the digest/u);
  const good = await run(attest, [...KEY, "--statement", at("good.json"), image]);
  assert.equal(good.code, 0, good.stderr);
  const words = [...PUBLIC_KEY, "--type", "https://example.com/x", image];
  const { stdout } = await run(verifyAttestation, words);
  const { payload } = JSON.parse(stdout) as { readonly payload: string };
  assert.equal(atob(payload), await readFile(at("good.json"), "utf8"));
});

test("attest without upload writes the bundle to a file, and a legacy envelope to standard output", async () => {
  const writes = countWrites(registry);
  const words = [...KEY, "--predicate", "-", "--no-upload", IMAGE];
  const bundle = await run(attest, [...words, "--bundle", at("bundle.json")], "x");
  assert.deepEqual([bundle.code, bundle.stdout], [0, ""]);
  assert.match(await readFile(at("bundle.json"), "utf8"), /^\{"mediaType":".*v0\.3\+json"/u);
  const legacy = await run(attest, [...words, "--new-bundle-format=false"], "x");
  assert.match(
    legacy.stdout,
    /^\{"payload":"[^"]+","payloadType":"[^"]+","signatures":\[.*\]\}\n$/u,
  );
  assert.equal(countWrites(registry), writes, "nothing is stored");
  assert.equal((await run(attest, words, "x")).code, 2, "it would go nowhere");
  const goWords = words.map((word) => word === "--no-upload" ? `${word}=true` : word);
  const go = await run(attest, [...goWords, "--new-bundle-format=false"], "x");
  assert.equal(go.code, 0, go.stderr);
  assert.match(go.stdout, /^\{"payload":"/u);
});

test("the words of cosign that are no use here are refused by name, with exit code 2", async () => {
  const image = [IMAGE];
  const refused: readonly (readonly [Task<never>, readonly string[], RegExp])[] = [
    [verifyAttestation as Task<never>, [...PUBLIC_KEY, "--policy", "p.rego", ...image], /Rego/u],
    [verifyAttestation as Task<never>, [...PUBLIC_KEY, "--policy", "p.cue", ...image], /CUE/u],
    [
      verifyAttestation as Task<never>,
      [...PUBLIC_KEY, "--type", "nonsense", ...image],
      /nonsense/u,
    ],
    [verifyAttestation as Task<never>, ["--certificate-identity", "a", ...image], /oidc-issuer/u],
    [verifyAttestation as Task<never>, image, /--key/u],
    [
      attest as Task<never>,
      [...KEY, "--identity-token", "a", "--predicate", "-", ...image],
      /either/u,
    ],
    [attest as Task<never>, [...KEY, ...image], /--predicate or --statement/u],
    [attest as Task<never>, [...KEY, "--predicate", at("none"), ...image], /none/u],
    [
      attest as Task<never>,
      [...KEY, "--predicate", "-", "--signing-config", at("none"), ...image],
      /none/u,
    ],
    [attachSbom as Task<never>, ["--sbom", "sbom.json", ...image], /attest --type spdxjson/u],
    [attachSignature as Task<never>, ["--payload", at("cosign.pub"), ...image], /--signature/u],
    [attachSignature as Task<never>, ["--tsr", "x", "--signature", "y", ...image], /--tsr/u],
    [attachAttestation as Task<never>, image, /--attestation/u],
  ];
  for (const [task, words, why] of refused) {
    const { code, stdout, stderr } = await run(task, words);
    assert.deepEqual([code, stdout], [2, ""], `${words.join(" ")}: ${stderr}`);
    assert.match(stderr, why);
  }
});

test("download says that there is nothing as cosign does", async () => {
  const image = `${server.host}/team/app:3.0`;
  const signature = await run(downloadSignature, [image]);
  assert.deepEqual([signature.code, signature.stdout], [1, ""]);
  assert.match(signature.stderr, /no signatures associated/u);
  const none = await run(downloadAttestation, [image]);
  assert.deepEqual([none.code, none.stdout], [0, ""]);
  const typed = await run(downloadAttestation, ["--predicate-type", "spdx", image]);
  assert.equal(typed.code, 1);
  assert.match(
    typed.stderr,
    /no attestations with predicate type 'https:\/\/spdx\.dev\/Document'/u,
  );
  const platform = await run(downloadAttestation, ["--platform", "linux/arm64", image]);
  assert.match(platform.stderr, /not a multiarch image/u);
});

test("attach attestation refuses what is no statement, and stores nothing of it", async () => {
  const image = `${server.host}/team/app:3.0`;
  const envelope = { payload: btoa("{}"), payloadType: "text/plain", signatures: [{ sig: "" }] };
  await writeFile(at("envelope.json"), JSON.stringify(envelope));
  const { code, stderr } = await run(attachAttestation, [
    "--attestation",
    at("envelope.json"),
    image,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /invalid payloadType text\/plain/u);
  assert.deepEqual((await run(downloadAttestation, [image])).stdout, "");
});
