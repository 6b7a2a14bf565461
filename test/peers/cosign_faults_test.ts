/**
 * What cosign 3.1.3 gets wrong when it verifies, run beside what is done here. Assertions that begin
 * with "cosign:" hold what it does today, so that a version that mends it is noticed. That it takes a
 * registry's failure for "unsigned" is in outage_test.ts, its exit codes in exit_code_table_test.ts,
 * its requests in requests_test.ts, and the keys that it cannot verify with in key_kinds_test.ts.
 */

import assert from "node:assert/strict";
import { digestOfTag, fetchReferrers, pushIndex } from "./support/content.ts";
import { cosign, cosignSign, cosignVerify, cosignWay } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { runHere } from "./support/run_here.ts";
import { openSetting, type Setting } from "./support/setting.ts";

const PEERS = ["refregistry", "cosign3", "crane"] as const;
const KIND = "refregistry with referrers";
const BUNDLE = cosignWay("cosign3", "bundle");
const LEGACY = cosignWay("cosign3", "legacy");

const LOG_CLAIM = "Existence of the claims in the transparency log was verified offline";

/** Attest something of an image with cosign. */
async function cosignAttest({ sandbox }: Setting, key: string, image: string): Promise<void> {
  const predicate = await sandbox.write("predicate.json", '{"a":1}');
  const words = ["attest", ...BUNDLE.signFlags, "--key", key, "--predicate", predicate, image];
  assert.equal((await cosign(sandbox, "cosign3", words)).code, 0);
}

/** The images that verified signatures name, as `cosign verify` prints them: an array for each image. */
function verifiedImages(stdout: string): readonly string[] {
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.flatMap((line) =>
    (JSON.parse(line) as { critical: { identity: { "docker-reference": string } } }[])
      .map(({ critical }) => critical.identity["docker-reference"])
  );
}

peerTest("1: a plain sign makes an attestation with an empty predicate", PEERS, async (context) => {
  const setting = await openSetting(context, KIND);
  const { sandbox, key } = setting;
  const image = await setting.push("app:1");
  await cosignSign(sandbox, BUNDLE, key, [image]);
  assert.equal((await runHere(sandbox, ["sign", "--key", setting.otherKey, image])).code, 0);
  const digest = await digestOfTag(sandbox, image);
  const referrers = await fetchReferrers(image.replace(/:1$/u, ""), digest);
  const [one, two, ...more] = referrers.map(({ manifest, blob }) => {
    const { dsseEnvelope, verificationMaterial, mediaType } = JSON.parse(blob) as {
      readonly dsseEnvelope: { readonly payload: string; readonly payloadType: string };
      readonly verificationMaterial: object;
      readonly mediaType: string;
    };
    return {
      // Field by field in this order; what differs from signature to signature is left out.
      manifest: manifest.replaceAll(/sha256:[0-9a-f]{64}|"size":\d+|"\d{4}-\S+?Z"/gu, ""),
      payload: atob(dsseEnvelope.payload),
      more: [dsseEnvelope.payloadType, mediaType, Object.keys(verificationMaterial)],
    };
  });
  assert.deepEqual(more, []);
  assert.deepEqual(one, two);
  const { predicateType, predicate } = JSON.parse(one!.payload) as Record<string, unknown>;
  assert.deepEqual([predicateType, predicate], ["https://sigstore.dev/cosign/sign/v1", {}]);
});

peerTest("2: an image of which something is attested is not signed", PEERS, async (context) => {
  const setting = await openSetting(context, KIND);
  const { sandbox, key, publicKey } = setting;
  const image = await setting.push("app:1");
  await cosignAttest(setting, key, image);
  const theirs = await cosignVerify(sandbox, BUNDLE, publicKey, [image]);
  assert.equal(theirs.code, 0, "cosign: does not look at the predicate type");
  assert.match(theirs.stdout, /"type":"https:\/\/cosign\.sigstore\.dev\/attestation\/v1"/u);
  const ours = await runHere(sandbox, ["verify", "--key", publicKey, image]);
  assert.deepEqual([ours.code, ours.stdout], [10, ""]);
  assert.match(ours.stderr, /an attestation of something else is there/u);
});

peerTest("3: a bundle by somebody else hides no legacy signature", PEERS, async (context) => {
  const setting = await openSetting(context, KIND);
  const { sandbox, key, publicKey } = setting;
  const image = await setting.push("app:1");
  await cosignSign(sandbox, LEGACY, key, [image]);
  assert.equal((await cosignVerify(sandbox, BUNDLE, publicKey, [image])).code, 0);
  await cosignAttest(setting, setting.otherKey, image);
  const theirs = await cosignVerify(sandbox, BUNDLE, publicKey, [image]);
  assert.equal(theirs.code, 1, "cosign: does not look for legacy signatures where a bundle is");
  const told = await cosignVerify(sandbox, LEGACY, publicKey, [image]);
  assert.equal(told.code, 0, "cosign: finds it where it is told not to look for bundles");
  const ours = await runHere(sandbox, ["verify", "--key", publicKey, image]);
  assert.deepEqual([ours.code, ours.stdout], [0, told.stdout]);
});

peerTest(
  "5: images signed in different formats are verified in any order",
  PEERS,
  async (context) => {
    const setting = await openSetting(context, KIND);
    const { sandbox, key, publicKey } = setting;
    const bundle = await setting.push("bundle:1");
    const legacy = await setting.push("legacy:1");
    await cosignSign(sandbox, BUNDLE, key, [bundle]);
    await cosignSign(sandbox, LEGACY, key, [legacy]);
    const wrong = "cosign: looks for the format that the first image has";
    for (const [images, code] of [[[bundle, legacy], 1], [[legacy, bundle], 10]] as const) {
      const theirs = await cosignVerify(sandbox, BUNDLE, publicKey, images);
      assert.equal(theirs.code, code, wrong);
      const ours = await runHere(sandbox, ["verify", "--key", publicKey, ...images]);
      assert.equal(ours.code, 0, ours.stderr);
      const [{ stdout: first }, { stdout: second }] = [
        await runHere(sandbox, ["verify", "--key", publicKey, images[0]]),
        await runHere(sandbox, ["verify", "--key", publicKey, images[1]]),
      ];
      assert.equal(ours.stdout, `${first}${second}`);
    }
  },
);

peerTest("6: an image that fails stops no other, and is named", PEERS, async (context) => {
  const setting = await openSetting(context, KIND);
  const { sandbox, key, publicKey } = setting;
  const [first, bad, last] = [
    await setting.push("first:1"),
    await setting.push("bad:1"),
    await setting.push("last:1"),
  ];
  await cosignSign(sandbox, BUNDLE, key, [first, last]);
  await cosignSign(sandbox, BUNDLE, setting.otherKey, [bad]);
  const theirs = await cosignVerify(sandbox, BUNDLE, publicKey, [first, bad, last]);
  assert.deepEqual(verifiedImages(theirs.stdout), [first], "cosign: stops at the first that fails");
  assert(!theirs.stderr.includes(bad), "cosign: does not say which failed");
  const ours = await runHere(sandbox, ["verify", "--key", publicKey, first, bad, last]);
  assert.equal(ours.code, 12);
  assert.deepEqual(verifiedImages(ours.stdout), [first, last]);
  assert.match(ours.stderr, new RegExp(`^Error: ${bad}: `, "mu"));
});

peerTest("7: no check is claimed that was not done", PEERS, async (context) => {
  const setting = await openSetting(context, KIND);
  const { sandbox, key, publicKey } = setting;
  const image = await setting.push("app:1");
  await cosignSign(sandbox, BUNDLE, key, [image]);
  const theirs = await cosignVerify(sandbox, BUNDLE, publicKey, [image]);
  assert(theirs.stderr.includes(LOG_CLAIM), "cosign: says so of a bundle that is in no log");
  const ours = await runHere(sandbox, ["verify", "--key", publicKey, image]);
  assert.equal(ours.code, 0);
  assert(!ours.stderr.includes(LOG_CLAIM));
  assert.match(ours.stderr, /^transparency log: not checked$/mu);
});

peerTest("9: manifest and dockerfile verify read bundles", PEERS, async (context) => {
  const setting = await openSetting(context, KIND);
  const { sandbox, key, publicKey } = setting;
  const image = await setting.push("app:1");
  await cosignSign(sandbox, BUNDLE, key, [image]);
  const pod = { apiVersion: "v1", kind: "Pod", spec: { containers: [{ name: "app", image }] } };
  const files = {
    manifest: await sandbox.write("pod.yaml", JSON.stringify(pod)),
    dockerfile: await sandbox.write("Dockerfile", `FROM ${image}\n`),
  };
  const verified = await runHere(sandbox, ["verify", "--key", publicKey, image]);
  for (const [word, file] of Object.entries(files)) {
    const words = [word, "verify", "--insecure-ignore-tlog", "--key", publicKey, file];
    const theirs = await cosign(sandbox, "cosign3", words);
    assert.equal(theirs.code, 10, `cosign: ${word} verify does not look for bundles`);
    const ours = await runHere(sandbox, words);
    assert.deepEqual([ours.code, ours.stdout], [0, verified.stdout], ours.stderr);
  }
});

peerTest("13: what sign --recursive signs, verify --recursive asks for", PEERS, async (context) => {
  const setting = await openSetting(context, KIND);
  const { sandbox, key, publicKey } = setting;
  const whole = await pushIndex(sandbox, `${setting.address}/whole`);
  const bare = await pushIndex(sandbox, `${setting.address}/bare`);
  await cosignSign(sandbox, BUNDLE, key, ["--recursive", whole.index]);
  await cosignSign(sandbox, BUNDLE, key, [bare.index]);
  const verify = ["verify", "--key", publicKey];
  const words = [...verify, "--recursive", whole.index];
  const theirs = await cosign(sandbox, "cosign3", words);
  assert.equal(theirs.code, 1);
  assert.match(theirs.stderr, /unknown flag: --recursive/u, "cosign: has no such flag");
  assert.equal((await runHere(sandbox, words)).code, 0);
  // The images in an index are not signed with it: here as there.
  const [child] = bare.children;
  assert.equal((await cosignVerify(sandbox, BUNDLE, publicKey, [child!])).code, 10);
  assert.equal((await runHere(sandbox, [...verify, child!])).code, 10);
  assert.equal((await runHere(sandbox, [...verify, bare.index])).code, 0);
  const asked = await runHere(sandbox, [...verify, "--recursive", bare.index]);
  assert.deepEqual([asked.code, asked.stdout], [12, ""]);
  assert.match(asked.stderr, /linux\/amd64 .* is unsigned/u);
});

peerTest("15: upload blob gives the digests of cosign 3", PEERS, async (context) => {
  const setting = await openSetting(context, KIND);
  const { sandbox, address } = setting;
  const file = await sandbox.write("artefact-blob", "my test artefact\n");
  const digest = "sha256:9643a4ca8f578534a523ee17fd59f1181596e63aebcb630daa7b0de0c6de7dc1";
  const images = { theirs: `${address}/theirs/artefact`, ours: `${address}/ours/artefact` };
  const theirs = await cosign(sandbox, "cosign3", ["upload", "blob", "-f", file, images.theirs]);
  const ours = await runHere(sandbox, ["upload", "blob", "-f", file, images.ours]);
  assert.equal(theirs.stdout, `${images.theirs}@${digest}\n`);
  assert.equal(ours.stdout, `${images.ours}@${digest}\n`);
  const lines = (text: string): readonly string[] =>
    text.replaceAll(/\/(?:ours|theirs)\//gu, "/").split("\n")
      .filter((line) => !line.includes("deprecated"));
  assert.deepEqual(lines(ours.stderr), lines(theirs.stderr));
});
