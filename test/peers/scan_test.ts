/** Manifests, Dockerfiles, logins and the environment, beside cosign's own commands. */

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { pushImage } from "./support/content.ts";
import { cosign, COSIGN_WAYS, cosignKeyPair, cosignSign } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { REGISTRY_KINDS, startRegistry } from "./support/registries.ts";
import { runHere } from "./support/run_here.ts";
import { openSandbox } from "./support/sandbox.ts";

peerTest("manifest and dockerfile verify print cosign's bytes", ["cosign3", "crane"], async (t) => {
  const kind = REGISTRY_KINDS.find(({ name }) => name === "crane registry serve")!;
  const sandbox = await openSandbox(t);
  const { address } = await startRegistry(t, kind, sandbox);
  await cosignKeyPair(sandbox, "cosign3");
  const way = COSIGN_WAYS.find(({ peer, format }) => peer === "cosign3" && format === "legacy")!;
  const images = ["one", "two"].map((name) => `${address}/team/${name}:1`);
  for (const image of images) await pushImage(sandbox, image);
  await cosignSign(sandbox, way, "cosign3.key", images);
  const containers = images.map((image) => ({ name: "x", image }));
  const manifest = JSON.stringify({ apiVersion: "v1", kind: "Pod", spec: { containers } });
  const cases = [
    ["manifest", await sandbox.write("pod.yaml", manifest)],
    [
      "dockerfile",
      await sandbox.write("Dockerfile", `FROM ${images[0]} AS a\nCOPY --from=${images[1]} / /\n`),
    ],
  ] as const;
  for (const [word, file] of cases) {
    const flags = ["--insecure-ignore-tlog", "--key", sandbox.path("cosign3.pub"), file];
    const theirs = await cosign(sandbox, "cosign3", [word, "verify", ...flags]);
    const ours = await runHere(sandbox, [word, "verify", ...flags]);
    assert.equal(theirs.code, 0, theirs.stderr);
    assert.equal(ours.code, 0, ours.stderr);
    assert.equal(ours.stdout, theirs.stdout);
    const extracted = /^Extracted image\(s\): .*$/mu;
    assert.equal(extracted.exec(ours.stderr)?.[0], extracted.exec(theirs.stderr)?.[0]);
  }
});

peerTest("login writes cosign's bytes, and env prints them", ["cosign3", "crane"], async (t) => {
  const kind = REGISTRY_KINDS.find(({ name }) => name === "crane registry serve")!;
  const sandbox = await openSandbox(t);
  const { address } = await startRegistry(t, kind, sandbox);
  const own = { DOCKER_CONFIG: sandbox.path("ours") };
  await mkdir(sandbox.path("ours"));
  const words = [address, "-u", "fleet", "-p", "a:b<&>"];
  assert.equal((await cosign(sandbox, "cosign3", ["login", ...words])).code, 0);
  const { code, stderr } = await runHere(sandbox, ["login", ...words], own);
  assert.equal(code, 0, stderr);
  assert.equal(
    await readFile(sandbox.path("ours/config.json"), "utf8"),
    await readFile(sandbox.path("docker/config.json"), "utf8"),
  );
  for (const flags of [[], ["--show-descriptions=false"], ["--show-sensitive-values"]]) {
    const theirs = await cosign(sandbox, "cosign3", ["env", ...flags]);
    assert.equal((await runHere(sandbox, ["env", ...flags])).stdout, theirs.stdout);
  }
});
