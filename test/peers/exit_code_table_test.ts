/**
 * Exit codes beside those of cosign 3.1.3. Where ours differ it is on purpose: a bundle that does not
 * satisfy is told as a legacy signature is (12), a missing image is one however it is named (11), a
 * registry's failure is never "unsigned" (10), and what was typed wrong is told from what was found (2).
 */

import assert from "node:assert/strict";
import { digestOfTag } from "./support/content.ts";
import { cosign, cosignSign, cosignWay } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { startProxy } from "./support/proxy.ts";
import { runHere } from "./support/run_here.ts";
import { openSetting, type Setting } from "./support/setting.ts";

const PEERS = ["refregistry", "cosign3", "crane"] as const;

/** A situation, what is typed, and the exit codes. */
type Case = readonly [situation: string, words: readonly string[], cosign: number, ours: number];

/** An image, and requests for it that are answered with a status and nothing else. */
type Failure = readonly [image: string, path: RegExp, status: number, cosign: number, ours: number];

const SIGN = ["sign", "--use-signing-config=false", "--tlog-upload=false", "-y", "--key"];
const VERIFY = ["verify", "--insecure-ignore-tlog", "--key"];
const VERIFY_ATTESTATION = ["verify-attestation", "--insecure-ignore-tlog", "--key"];

/** Sign and attest in both formats what the cases name. */
async function prepare(setting: Setting): Promise<void> {
  const { sandbox, key } = setting;
  const predicate = await sandbox.write("predicate.json", '{"a":1}');
  await setting.push("app:unsigned");
  for (const format of ["bundle", "legacy"] as const) {
    const way = cosignWay("cosign3", format);
    const image = await setting.push(`app:${format}`);
    await cosignSign(sandbox, way, key, ["-a", "env=prod", image]);
    const words = ["attest", ...way.signFlags, "--key", key, "--predicate", predicate, image];
    assert.equal((await cosign(sandbox, "cosign3", words)).code, 0);
  }
}

async function casesOf(setting: Setting, address: string): Promise<readonly Case[]> {
  const { sandbox, publicKey, otherPublicKey } = setting;
  const app = `${address}/app`;
  const [bundle, legacy, unsigned] = [`${app}:bundle`, `${app}:legacy`, `${app}:unsigned`];
  const digest = await digestOfTag(sandbox, unsigned);
  const pod = { apiVersion: "v1", kind: "Pod", spec: { containers: [{ image: unsigned }] } };
  const manifest = await sandbox.write("pod.yaml", JSON.stringify(pod));
  const mine = [...VERIFY, publicKey];
  const other = [...VERIFY, otherPublicKey];
  const attested = [...VERIFY_ATTESTATION, publicKey];
  return [
    ["a bundle", [...mine, bundle], 0, 0],
    ["a legacy signature", [...mine, legacy], 0, 0],
    ["no signature", [...mine, unsigned], 10, 10],
    ["no signature, by digest", [...mine, `${app}@${digest}`], 10, 10],
    ["no such tag", [...mine, `${app}:absent`], 11, 11],
    ["no such repository", [...mine, `${address}/absent:1`], 11, 11],
    ["no such digest", [...mine, `${app}@sha256:${"0".repeat(64)}`], 10, 11],
    ["a bundle by another", [...other, bundle], 1, 12],
    ["a legacy signature by another", [...other, legacy], 12, 12],
    ["a bundle without the annotation", [...mine, "-a", "env=test", bundle], 1, 12],
    ["a legacy signature without the annotation", [...mine, "-a", "env=test", legacy], 12, 12],
    ["nobody listens", [...mine, "127.0.0.1:1/team/app:1"], 1, 1],
    ["no such key", [...VERIFY, "absent.pub", bundle], 1, 2],
    ["no key", ["verify", bundle], 1, 2],
    ["no image", mine, 1, 2],
    ["no such flag", [...mine, "--absent", bundle], 1, 2],
    ["no name of an image", [...mine, `${address}/APP:1`], 1, 2],
    ["sign with no such key", [...SIGN, "absent.key", unsigned], 1, 2],
    ["sign what is not there", [...SIGN, setting.key, `${app}:absent`], 1, 1],
    ["an attestation, bundle", [...attested, bundle], 0, 0],
    ["an attestation, legacy", [...attested, legacy], 0, 0],
    ["no attestation", [...attested, unsigned], 1, 1],
    ["an attestation of another type, bundle", [...attested, "--type", "spdx", bundle], 1, 1],
    ["an attestation of another type, legacy", [...attested, "--type", "spdx", legacy], 1, 1],
    ["an attestation by another", [...VERIFY_ATTESTATION, otherPublicKey, bundle], 1, 1],
    ["a manifest that names an unsigned image", ["manifest", ...mine, manifest], 10, 10],
    ["triangulate what is not there", ["triangulate", `${app}:absent`], 1, 1],
    ["download no signature", ["download", "signature", unsigned], 1, 1],
    ["download no attestation", ["download", "attestation", unsigned], 0, 0],
    ["copy what is not there", ["copy", `${app}:absent`, `${app}:copy`], 1, 1],
    ["the public part of no such key", ["public-key", "--key", "absent.key"], 1, 2],
  ];
}

/** That a signed image is signed cannot be told; that another format tells it hides no failure. */
const FAILURES: readonly Failure[] = [
  ["bundle", /./u, 401, 1, 1],
  ["bundle", /manifests\/bundle/u, 403, 1, 1],
  ["bundle", /manifests\/bundle/u, 500, 1, 1],
  ["bundle", /referrers/u, 403, 10, 1],
  ["bundle", /blobs/u, 403, 10, 1],
  ["legacy", /referrers/u, 403, 0, 0],
  ["legacy", /\.sig/u, 403, 1, 1],
  ["legacy", /blobs/u, 403, 12, 1],
  // · As an ingress says it whose backend is away: without a registry's error document.
  ["bundle", /referrers|sha256-/u, 404, 10, 1],
  ["legacy", /\.sig/u, 404, 10, 1],
  ["legacy", /v2\/app/u, 404, 11, 1],
];

peerTest("8: exit codes, each beside cosign's", PEERS, async (context) => {
  const setting = await openSetting(context, "refregistry with referrers");
  const { sandbox, publicKey } = setting;
  await prepare(setting);
  const proxy = await startProxy(context, setting.address);
  const compare = async ([situation, words, ...codes]: Case): Promise<void> => {
    const theirs = await cosign(sandbox, "cosign3", words);
    const ours = await runHere(sandbox, words);
    const message = `${situation}\ncosign: ${theirs.stderr}\nours: ${ours.stderr}`;
    assert.deepEqual([theirs.code, ours.code], codes, message);
    if (ours.code !== 0) assert.equal(ours.stdout, "", situation);
  };
  for (const one of await casesOf(setting, setting.address)) await compare(one);
  for (const [image, path, status, ...codes] of FAILURES) {
    proxy.failing((line) => path.test(line) ? { status } : undefined);
    const words = [...VERIFY, publicKey, `${proxy.address}/app:${image}`];
    await compare([`${status} to ${path} of ${image}`, words, ...codes]);
  }
});
