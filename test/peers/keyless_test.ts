/** What is signed without a key, and with a log, on real services; verified by the real cosign. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { TestContext } from "node:test";
import { pushFleet, pushImage } from "./support/content.ts";
import { cosign, cosignKeyPair } from "./support/cosign.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import type { Finished } from "./support/run_program.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";
import { assertDone, sigfleet, signTags } from "./support/sigfleet.ts";
import { sigstoreTest } from "./support/sigstore.ts";
import { ALICE, ALICE_FLAGS, type Sigstore, URLS, WORKFLOWS } from "./support/sigstore_folder.ts";

const CRANE = registryKind("crane registry serve");

/** The format, and how cosign is told of it. */
const FORMATS = [
  { format: "bundle", flags: [] },
  { format: "legacy", flags: ["--new-bundle-format=false"] },
] as const;

/** Sign as Alice, whose token is in a file. */
async function asAlice(
  sandbox: Sandbox,
  sigstore: Sigstore,
  rekor: 1 | 2,
): Promise<readonly string[]> {
  const token = await sandbox.write("alice.jwt", await sigstore.token(ALICE));
  return ["--identity-token", token, "--signing-config", sigstore.signingConfig(rekor)];
}

/** A sandbox, and an image in a registry. */
async function openImage(
  t: TestContext,
): Promise<{ readonly sandbox: Sandbox; readonly image: string }> {
  const sandbox = await openSandbox(t);
  const { address } = await startRegistry(t, CRANE, sandbox);
  const image = `${address}/team/app:1`;
  await pushImage(sandbox, image);
  return { sandbox, image };
}

async function ours(sandbox: Sandbox, args: readonly string[]): Promise<Finished> {
  const finished = await sigfleet(sandbox, args);
  assertDone(finished, `sigfleet ${args.join(" ")}`);
  return finished;
}

/** Verify by cosign, and by our own command alike. */
async function both(
  sandbox: Sandbox,
  { trustedRoot }: Sigstore,
  args: readonly string[],
): Promise<void> {
  const [task = "", ...rest] = args;
  const words = [task, "--trusted-root", trustedRoot, ...rest];
  assertDone(await cosign(sandbox, "cosign3", words), `cosign ${words.join(" ")}`);
  assertDone(await sigfleet(sandbox, words), `sigfleet ${words.join(" ")}`);
}

for (const kind of [CRANE, registryKind("refregistry with referrers")]) {
  sigstoreTest(
    `cosign verifies what is signed and attested without a key on ${kind.name}`,
    ["cosign3", "crane", ...kind.peers],
    async (t, sigstore) => {
      const sandbox = await openSandbox(t);
      const { address } = await startRegistry(t, kind, sandbox);
      await sandbox.write("predicate.json", "{}");
      for (const rekor of [1, 2] as const) {
        const image = `${address}/team/app:${rekor}`;
        await pushImage(sandbox, image);
        const alice = await asAlice(sandbox, sigstore, rekor);
        for (const { format, flags } of FORMATS) {
          // Legacy signatures cannot hold what Rekor v2 gives.
          if (format === "legacy" && rekor === 2) continue;
          const how = [...alice, "--format", format];
          await ours(sandbox, ["sign", ...how, "-a", "env=prod", image]);
          await both(sandbox, sigstore, [
            "verify",
            ...flags,
            ...ALICE_FLAGS,
            "-a",
            "env=prod",
            image,
          ]);
          const predicate = ["--type", "spdxjson", "--predicate", "predicate.json"];
          await ours(sandbox, ["attest", ...how, ...predicate, image]);
          await both(sandbox, sigstore, [
            "verify-attestation",
            ...flags,
            ...ALICE_FLAGS,
            "--type",
            "spdxjson",
            image,
          ]);
        }
        // That the verification can fail.
        const bob = ["--certificate-identity", "bob@example.com", ...ALICE_FLAGS.slice(2)];
        const words = ["verify", "--trusted-root", sigstore.trustedRoot, ...bob, image];
        assert.notEqual((await cosign(sandbox, "cosign3", words)).code, 0);
      }
    },
  );
}

sigstoreTest("legacy signatures want Rekor v1, and say so", ["crane"], async (t, sigstore) => {
  const { sandbox, image } = await openImage(t);
  const alice = await asAlice(sandbox, sigstore, 2);
  const { code, stderr } = await sigfleet(sandbox, [
    "sign",
    ...alice,
    "--format",
    "both",
    image,
  ]);
  assert.equal(code, 2);
  assert.match(stderr, /0 of version 1/u);
});

sigstoreTest(
  "cosign verifies files that are signed and attested without a key",
  ["cosign3"],
  async (t, sigstore) => {
    const sandbox = await openSandbox(t);
    await sandbox.write("file", "content\n");
    await sandbox.write("predicate.json", "{}");
    const predicate = ["--type", "spdxjson", "--predicate", "predicate.json"];
    for (const rekor of [1, 2] as const) {
      const alice = await asAlice(sandbox, sigstore, rekor);
      const bundle = ["--bundle", `bundle-${rekor}.json`];
      await ours(sandbox, ["sign-blob", ...alice, ...bundle, "file"]);
      await both(sandbox, sigstore, ["verify-blob", ...bundle, ...ALICE_FLAGS, "file"]);
      await ours(sandbox, ["attest-blob", ...alice, ...predicate, ...bundle, "file"]);
      await both(sandbox, sigstore, [
        "verify-blob-attestation",
        ...bundle,
        ...ALICE_FLAGS,
        "--type",
        "spdxjson",
        "file",
      ]);
    }
  },
);

sigstoreTest(
  "cosign 2 verifies what is signed without a key in its forms",
  ["cosign3", "cosign2", "crane"],
  async (t, sigstore) => {
    const { sandbox, image } = await openImage(t);
    await sandbox.write("file", "content\n");
    await sandbox.write("predicate.json", "{}");
    const alice = await asAlice(sandbox, sigstore, 1);
    const old = ["--new-bundle-format=false"];
    const bundle = ["--bundle", "old.json"];
    const type = ["--type", "spdxjson"];
    await ours(sandbox, ["sign-blob", ...alice, ...old, ...bundle, "file"]);
    await ours(sandbox, ["sign", ...alice, ...old, image]);
    await ours(sandbox, [
      "attest",
      ...alice,
      ...old,
      ...type,
      "--predicate",
      "predicate.json",
      image,
    ]);
    const withFiles = { ...sandbox, env: { ...sandbox.env, ...sigstore.rootFiles } };
    for (const peer of ["cosign3", "cosign2"] as const) {
      for (
        const words of [
          ["verify-blob", ...old, ...bundle, ...ALICE_FLAGS, "file"],
          ["verify", ...old, ...ALICE_FLAGS, image],
          ["verify-attestation", ...old, ...type, ...ALICE_FLAGS, image],
        ]
      ) assertDone(await cosign(withFiles, peer, words), `${peer} ${words[0]}`);
    }
  },
);

sigstoreTest(
  "cosign finds the log entries and timestamps of signatures by a key",
  ["cosign3", "crane"],
  async (t, sigstore) => {
    const sandbox = await openSandbox(t);
    const { address } = await startRegistry(t, CRANE, sandbox);
    await cosignKeyPair(sandbox, "cosign3");
    await sandbox.write("file", "content\n");
    const key = ["--key", "cosign3.key"];
    const pub = ["--key", "cosign3.pub"];
    for (const rekor of [1, 2] as const) {
      const image = `${address}/team/app:${rekor}`;
      await pushImage(sandbox, image);
      const witnessed = ["--signing-config", sigstore.signingConfig(rekor)];
      const { stderr } = await ours(sandbox, ["sign", ...key, ...witnessed, image]);
      assert.match(stderr, /0 certificates, 1 log entries, 1 timestamps/u);
      await both(sandbox, sigstore, ["verify", ...pub, image]);
      const again = await ours(sandbox, ["sign", ...key, ...witnessed, image]);
      assert.match(again.stderr, /already signed by this key/u);
      assert.ok(!again.stderr.includes("log entries"));
      const bundle = ["--bundle", `bundle-${rekor}.json`];
      await ours(sandbox, ["sign-blob", ...key, ...witnessed, ...bundle, "file"]);
      await both(sandbox, sigstore, ["verify-blob", ...pub, ...bundle, "file"]);
    }
    const image = `${address}/team/app:1`;
    const urls = ["--rekor-url", URLS.rekor1, "--timestamp-server-url", URLS.timestamps];
    await ours(sandbox, ["sign", ...key, ...urls, "--format", "legacy", image]);
    await both(sandbox, sigstore, ["verify", "--new-bundle-format=false", ...pub, image]);
  },
);

sigstoreTest(
  "a signature without a log entry is not as good as one with",
  ["cosign3", "crane"],
  async (t, sigstore) => {
    const { sandbox, image } = await openImage(t);
    await cosignKeyPair(sandbox, "cosign3");
    const key = ["--key", "cosign3.key", "--format", "both"];
    await ours(sandbox, ["sign", ...key, image]);
    const { stderr } = await ours(sandbox, ["sign", ...key, "--rekor-url", URLS.rekor1, image]);
    assert.match(stderr, /signed \(bundle\)/u);
    assert.match(stderr, /signed \(legacy\)/u);
    for (const { flags } of FORMATS) {
      await both(sandbox, sigstore, ["verify", ...flags, "--key", "cosign3.pub", image]);
    }
  },
);

sigstoreTest(
  "keys of every kind can be written into both logs",
  ["cosign3"],
  async (t, sigstore) => {
    const sandbox = await openSandbox(t);
    await sandbox.write("file", "content\n");
    const { generateKeyPairSync } = await import("node:crypto");
    const kinds = {
      "p256": generateKeyPairSync("ec", { namedCurve: "P-256" }),
      "p384": generateKeyPairSync("ec", { namedCurve: "P-384" }),
      "p521": generateKeyPairSync("ec", { namedCurve: "P-521" }),
      "rsa": generateKeyPairSync("rsa", { modulusLength: 2048 }),
      "ed25519": generateKeyPairSync("ed25519"),
    };
    for (const [name, { privateKey }] of Object.entries(kinds)) {
      const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
      await sandbox.write(`${name}.pem`, pem);
      const into = ["--output-key-prefix", name];
      await ours(sandbox, ["import-key-pair", "--key", `${name}.pem`, ...into]);
      for (const rekor of [1, 2] as const) {
        const { stderr } = await ours(sandbox, [
          "sign-blob",
          ...["--key", `${name}.key`, "--bundle", `${name}.json`],
          ...["--signing-config", sigstore.signingConfig(rekor)],
          "file",
        ]);
        assert.match(stderr, /1 log entries/u, name);
      }
    }
  },
);

sigstoreTest("one certificate signs all tags", ["cosign3", "crane"], async (t, sigstore) => {
  const sandbox = await openSandbox(t);
  const { address } = await startRegistry(t, CRANE, sandbox);
  const repository = `${address}/team/app`;
  await pushFleet(sandbox, repository);
  const alice = await asAlice(sandbox, sigstore, 2);
  const report = await signTags(sandbox, [...alice, "--rekor-rate", "0", repository]);
  assertDone(report, "sign-tags");
  assert.match(report.stderr, /1 certificates, 4 log entries, 4 timestamps/u);
  for (const tag of ["1.0", "latest", "multi"]) {
    await both(sandbox, sigstore, ["verify", ...ALICE_FLAGS, `${repository}:${tag}`]);
  }
});

sigstoreTest(
  "a workflow's token gives a certificate with the workflow's claims",
  ["cosign3", "crane"],
  async (t, sigstore) => {
    const { sandbox, image } = await openImage(t);
    const workflow = "team/app/.github/workflows/release.yml@refs/heads/main";
    const SIGSTORE_ID_TOKEN = await sigstore.token({
      sub: "repo:team/app:ref:refs/heads/main",
      event_name: "push",
      sha: "0123456789012345678901234567890123456789",
      workflow: "release",
      repository: "team/app",
      ref: "refs/heads/main",
      job_workflow_ref: workflow,
      job_workflow_sha: "0123456789012345678901234567890123456789",
      runner_environment: "github-hosted",
      repository_id: "1",
      repository_owner: "team",
      repository_owner_id: "2",
      workflow_ref: workflow,
      workflow_sha: "0123456789012345678901234567890123456789",
      run_id: "3",
      run_attempt: "1",
      repository_visibility: "public",
    }, WORKFLOWS);
    const config = ["--signing-config", sigstore.signingConfig(2)];
    const signed = await sigfleet(sandbox, ["sign", ...config, image], {
      env: { SIGSTORE_ID_TOKEN },
    });
    assertDone(signed, "sigfleet sign");
    assert.ok(!`${signed.stdout}${signed.stderr}`.includes(SIGSTORE_ID_TOKEN.slice(0, 30)));
    await both(sandbox, sigstore, [
      "verify",
      ...["--certificate-identity", `https://github.com/${workflow}`],
      ...["--certificate-oidc-issuer", WORKFLOWS],
      ...["--certificate-github-workflow-repository", "team/app"],
      ...["--certificate-github-workflow-trigger", "push"],
      image,
    ]);
  },
);

sigstoreTest("flags name the services one by one", ["cosign3"], async (t, sigstore) => {
  const sandbox = await openSandbox(t);
  await sandbox.write("file", "content\n");
  const token = await sandbox.write("alice.jwt", await sigstore.token(ALICE));
  const bundle = ["--bundle", "bundle.json"];
  await ours(sandbox, [
    "sign-blob",
    ...["--identity-token", token, "--fulcio-url", URLS.fulcio, "--rekor-url", URLS.rekor1],
    ...bundle,
    "file",
  ]);
  await both(sandbox, sigstore, ["verify-blob", ...bundle, ...ALICE_FLAGS, "file"]);
  const { verificationMaterial } = JSON.parse(
    await readFile(sandbox.path("bundle.json"), "utf8"),
  ) as { verificationMaterial: Record<string, unknown> };
  assert.deepEqual(Object.keys(verificationMaterial), ["certificate", "tlogEntries"]);
});

sigstoreTest(
  "a token that Fulcio does not take is told of, and nothing is stored",
  ["crane"],
  async (t, sigstore) => {
    const { sandbox, image } = await openImage(t);
    const config = ["--signing-config", sigstore.signingConfig(2)];
    const now = Math.floor(Date.now() / 1000);
    for (
      const [claims, why] of [
        [{ ...ALICE, aud: "somebody-else" }, /get a certificate .*the answer was 40/u],
        [{ ...ALICE, exp: now - 1 }, /expired at/u],
        [{ ...ALICE, email_verified: false }, /not verified/u],
      ] as const
    ) {
      const token = await sigstore.token(claims);
      const file = await sandbox.write("token.jwt", token);
      const words = ["sign", "--identity-token", file, ...config, image];
      const { code, stdout, stderr } = await sigfleet(sandbox, words);
      assert.equal(code, 1);
      assert.match(stderr, why);
      assert.ok(!`${stdout}${stderr}`.includes(token.slice(0, 30)));
    }
    const { verifyFleet } = await import("./support/sigfleet.ts");
    await cosignKeyPair(sandbox, "cosign3");
    const { summary } = await verifyFleet(sandbox, ["--key", "cosign3.pub", image]);
    assert.equal(summary.unsigned, 1);
  },
);
