import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { bundleFromJSON } from "@sigstore/bundle";
import { task as attest } from "../../scripts/attest.ts";
import { task as attestBlob } from "../../scripts/attest_blob.ts";
import { runTask, type Task } from "../../scripts/command/task.ts";
import { task as sign } from "../../scripts/sign.ts";
import { task as signBlob } from "../../scripts/sign_blob.ts";
import { task as signTags } from "../../scripts/sign_tags.ts";
import { createFakeIo, type FakeIo } from "../support/fake_io.ts";
import {
  aliceToken,
  answer,
  type FakeSigstore,
  makeToken,
  openFakeSigstore,
} from "../support/fake_sigstore.ts";
import { serveImages } from "../support/served_registry.ts";
import { issueTokens, type ServedSigstore, serveSigstore } from "../support/serve_sigstore.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { createTestClock, START } from "../support/test_clock.ts";

interface World {
  readonly sigstore: FakeSigstore;
  readonly served: ServedSigstore;
  readonly folder: string;
  /** The name of a file. */
  readonly at: (name: string) => string;
  /** Flags that name the services. */
  readonly services: (rekor?: 1 | 2) => readonly string[];
}

async function open(t: TestContext): Promise<World> {
  const sigstore = openFakeSigstore(createTestClock());
  const served = await serveSigstore(t, sigstore);
  const folder = await temporaryFolder(t);
  const at = (name: string): string => join(folder, name);
  for (const rekor of [1, 2] as const) {
    await writeFile(at(`services${rekor}.json`), served.signingConfig(rekor));
  }
  await writeFile(at("file"), "content\n");
  await writeFile(at("alice.jwt"), `${aliceToken(START)}\n`);
  return {
    sigstore,
    served,
    folder,
    at,
    services: (rekor = 2) => ["--signing-config", at(`services${rekor}.json`)],
  };
}

async function run<Options>(
  task: Task<Options>,
  words: readonly string[],
  { env = {}, ...more }: Partial<FakeIo> = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const io = { ...createFakeIo({ env }), ...more };
  return { code: await runTask(task, words, io), ...io.written };
}

async function readBundle(file: string) {
  return bundleFromJSON(JSON.parse(await readFile(file, "utf8")));
}

test("the token comes from a file, a word, the environment, or nowhere", async (t) => {
  const { at, services } = await open(t);
  const words = [...services(), "--bundle", at("bundle.json"), at("file")];
  const token = aliceToken(START);
  for (
    const [flags, env] of [
      [["--identity-token", at("alice.jwt")], {}],
      [["--identity-token", token], {}],
      [[], { SIGSTORE_ID_TOKEN: token }],
      [["--oidc-provider", "envvar"], { SIGSTORE_ID_TOKEN: token }],
      [[], { COSIGN_IDENTITY_TOKEN: at("alice.jwt") }],
    ] as const
  ) {
    const { code, stderr } = await run(signBlob, [...flags, ...words], { env });
    assert.equal(code, 0, stderr);
    assert.ok(!stderr.includes("eyJ"));
    const { verificationMaterial } = await readBundle(at("bundle.json"));
    assert.equal(verificationMaterial.content.$case, "certificate");
    assert.equal(verificationMaterial.tlogEntries.length, 1);
  }
});

test("where no token is to be had, it is said how; a secret that is none is not shown", async (t) => {
  const { at, services, sigstore } = await open(t);
  const words = [...services(), "--bundle", at("bundle.json"), at("file")];
  for (
    const [flags, env, code, why] of [
      [["--identity-token", "s3cret"], {}, 2, /neither a token nor a file/u],
      [["--identity-token", makeToken({ iss: "s3cret" })], {}, 1, /exp/u],
      [[], { GITHUB_ACTIONS: "true" }, 1, /id-token: write/u],
      [[], { GITLAB_CI: "true" }, 1, /id_tokens/u],
      [["--oidc-provider", "google"], {}, 1, /want one of/u],
      [["--fulcio-auth-flow", "smoke-signals"], {}, 2, /want normal, device/u],
      [["--fulcio-auth-flow", "token"], {}, 2, /--identity-token/u],
      [
        ["--oidc-disable-ambient-providers", "--fulcio-auth-flow", "token"],
        {
          SIGSTORE_ID_TOKEN: aliceToken(START),
        },
        2,
        /--identity-token/u,
      ],
    ] as const
  ) {
    const ended = await run(signBlob, [...flags, ...words], { env });
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, why);
    assert.ok(!ended.stderr.includes("s3cret") && !ended.stderr.includes("eyJ"));
  }
  assert.deepEqual(sigstore.requests, []);
});

test("flags that contradict each other are refused before anything is asked", async (t) => {
  const { at, services, sigstore } = await open(t);
  const bundle = ["--bundle", at("bundle.json"), at("file")];
  for (
    const words of [
      [...services(), "--rekor-url", "https://rekor.test", ...bundle],
      [...services(), "--use-signing-config", ...bundle],
      [...services(), "--tlog-upload=false", ...bundle],
      ["--rekor-url", "https://rekor.test", "--tlog-upload=false", ...bundle],
      ["--tlog-upload=false", ...bundle],
      ["--rekor-rate", "many", ...bundle],
      [...services(), at("file")],
      ["--signing-config", at("file"), ...bundle],
      ["--signing-config", at("none"), ...bundle],
    ]
  ) assert.equal((await run(signBlob, words)).code, 2, words.join(" "));
  assert.deepEqual(sigstore.requests, []);
});

test("who signs on a machine without a terminal signs in on another", async (t) => {
  const { at, services, served, sigstore } = await open(t);
  issueTokens(sigstore, {
    served,
    token: () => answer(200, { id_token: aliceToken(START) }),
    device: {
      device_code: "d",
      user_code: "ABCD",
      verification_uri: "https://sign.in",
      expires_in: 60,
    },
  });
  const words = [...services(), "--bundle", at("bundle.json"), at("file")];
  const { code, stderr } = await run(signBlob, words);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /device flow[\s\S]*code ABCD in your browser at: https:\/\/sign\.in/u);
});

test("who signs on a terminal confirms, and without a browser types the code", async (t) => {
  const { at, services, served, sigstore } = await open(t);
  const asked: string[] = [];
  let nonce = "";
  issueTokens(sigstore, {
    served,
    token(form) {
      assert.equal(form.get("code"), "the-code");
      assert.equal(form.get("redirect_uri"), "urn:ietf:wg:oauth:2.0:oob");
      return answer(200, { id_token: aliceToken(START, { nonce }) });
    },
  });
  const io = createFakeIo({ env: {} });
  const terminal: FakeIo = {
    ...io,
    stdin: {
      ...io.stdin,
      isTTY: true,
      ask(question) {
        asked.push(question);
        const link = /https?:\/\/\S+\/auth\?\S+/u.exec(io.written.stderr)?.[0];
        if (link === undefined) return Promise.resolve("y");
        nonce = new URL(link).searchParams.get("nonce")!;
        return Promise.resolve("the-code");
      },
    },
  };
  const words = [...services(), "--bundle", at("bundle.json"), at("file")];
  assert.equal(await runTask(signBlob, words, terminal), 0, io.written.stderr);
  assert.match(io.written.stderr, /immutable record/u);
  assert.equal(asked.length, 2);
  const declines = { ...terminal.stdin, ask: () => Promise.resolve("n") };
  assert.equal(await runTask(signBlob, words, { ...terminal, stdin: declines }), 2);
});

test("images are signed and attested without a key, in the file and beside the image alike", async (t) => {
  const { at, services, sigstore } = await open(t);
  const { registry, server } = await serveImages(["team/app:1.0", "team/app:1.1"]);
  t.after(() => server.close());
  const image = `${server.host}/team/app:1.0`;
  const alice = ["--identity-token", at("alice.jwt")];
  const bundle = ["--bundle", at("bundle.json")];
  const signed = await run(sign, [...alice, ...services(), ...bundle, image]);
  assert.equal(signed.code, 0, signed.stderr);
  assert.match(signed.stderr, /1 certificates, 1 log entries, 1 timestamps; 3 requests/u);
  await writeFile(at("predicate.json"), "{}");
  const predicate = ["--predicate", at("predicate.json")];
  const both = [...alice, ...services(1), ...predicate, "--format", "both", image];
  const attested = await run(attest, both);
  assert.equal(attested.code, 0, attested.stderr);
  // One signature stands in both formats: the same envelope.
  assert.match(attested.stderr, /1 log entries/u);
  sigstore.requests.length = 0;
  const tags = [...alice, ...services(), `${server.host}/team/app`, "--output", "json"];
  const report = await run(signTags, tags);
  assert.equal(report.code, 0, report.stderr);
  assert.equal(sigstore.requests.filter((line) => line.includes("signingCert")).length, 1);
  assert.ok(registry.tags("team/app").length > 2);
});

test("a service that refuses stops a run over many tags; one that fails for one does not", async (t) => {
  const { at, services, sigstore } = await open(t);
  const { server } = await serveImages(["team/app:1", "team/app:2", "team/app:3"]);
  t.after(() => server.close());
  const words = [
    ...["--identity-token", at("alice.jwt"), ...services()],
    ...["--max-workers", "1", "--output", "json", `${server.host}/team/app`],
  ];
  sigstore.intercept = ({ url }) =>
    url.host === "fulcio.test" ? answer(403, { message: "not you" }) : undefined;
  const refused = await run(signTags, words);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /not you/u);
  assert.equal(sigstore.requests.length, 1);
  let entries = 0;
  sigstore.intercept = ({ url }) =>
    url.host === "rekor2.test" && entries++ < 5 ? answer(503, {}) : undefined;
  const failed = await run(signTags, words);
  assert.equal(failed.code, 3, failed.stderr);
  const { images } = JSON.parse(failed.stdout) as { images: { outcome: string }[] };
  assert.equal(images.length, 3);
  assert.equal(images.filter(({ outcome }) => outcome === "failed").length, 1);
});

test("files are signed and attested without a key, also as cosign 2 wrote them", async (t) => {
  const { at, services } = await open(t);
  const alice = ["--identity-token", at("alice.jwt")];
  await writeFile(at("predicate.json"), "{}");
  const predicate = ["--predicate", at("predicate.json"), "--type", "spdxjson"];
  const words = [...alice, ...services(), "--bundle", at("att.json"), ...predicate, at("file")];
  const attested = await run(attestBlob, words);
  assert.equal(attested.code, 0, attested.stderr);
  assert.equal((await readBundle(at("att.json"))).content.$case, "dsseEnvelope");
  const old = ["--new-bundle-format=false", "--bundle", at("old.json")];
  const files = [
    ...["--output-certificate", at("cert"), "--rfc3161-timestamp", at("time")],
    ...["--output-signature", at("sig")],
  ];
  const signed = await run(signBlob, [...alice, ...services(1), ...old, ...files, at("file")]);
  assert.equal(signed.code, 0, signed.stderr);
  const json = JSON.parse(await readFile(at("old.json"), "utf8")) as Record<string, unknown>;
  assert.deepEqual(Object.keys(json), ["base64Signature", "cert", "rekorBundle"]);
  assert.equal(json["base64Signature"], await readFile(at("sig"), "utf8"));
  assert.equal(json["cert"], await readFile(at("cert"), "utf8"));
  assert.match(await readFile(at("time"), "utf8"), /^\{"SignedRFC3161Timestamp":"MI/u);
});
