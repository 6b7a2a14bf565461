/** Images copied, and read where they were copied to by the real cosigns. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { crane, digestOfTag, pushFleet } from "./support/content.ts";
import {
  cosign,
  COSIGN_WAYS,
  cosignKeyPair,
  COSIGNS,
  cosignSign,
  cosignVerify,
  cosignWay,
} from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";
import { runHere } from "./support/run_here.ts";
import { openSetting } from "./support/setting.ts";
import { runScript } from "../support/run_script.ts";
import { assertDone } from "./support/sigfleet.ts";

/** Run a task by its script. */
function run(sandbox: Sandbox, script: string, args: readonly string[]) {
  return runScript(`scripts/${script}.ts`, args, { cwd: sandbox.folder, env: sandbox.env });
}

const PAIRS = [
  ["refregistry with referrers", "distribution 3"],
  ["distribution 3 with tokens", "refregistry with referrers"],
] as const;

for (const [from, to] of PAIRS) {
  peerTest(
    `what copy takes from ${from} to ${to} is verified there by the cosigns that signed it`,
    ["refregistry", "distribution", "crane", ...COSIGNS],
    async (context) => {
      const sandbox = await openSandbox(context);
      const source = await startRegistry(context, registryKind(from), sandbox);
      const target = await startRegistry(context, registryKind(to), sandbox);
      const repository = `${source.address}/team/app`;
      await pushFleet(sandbox, repository);
      for (const peer of COSIGNS) await cosignKeyPair(sandbox, peer);
      for (const way of COSIGN_WAYS) {
        await cosignSign(sandbox, way, `${way.peer}.key`, [`${repository}:multi`]);
      }
      const copy = `${target.address}/mirror/app:1.0`;
      assertDone(await run(sandbox, "copy", [`${repository}:multi`, copy]), "copy");
      assert.equal(
        await digestOfTag(sandbox, copy),
        await digestOfTag(sandbox, `${repository}:multi`),
      );
      for (const way of COSIGN_WAYS) {
        const verified = await cosignVerify(sandbox, way, `${way.peer}.pub`, [copy]);
        assertDone(verified, `${way.name} verify`);
      }
      const again = await run(sandbox, "copy", [`${repository}:multi`, copy]);
      assert.deepEqual([again.code, again.stderr], [0, ""]);
      const other = await run(sandbox, "copy", [`${repository}:2.0`, copy]);
      assert.equal(other.code, 1);
      assert.match(other.stderr, /already exists\. Use `-f` to overwrite/u);
    },
  );
}

peerTest(
  "copy takes bundles along, which cosign's leaves behind",
  ["refregistry", "cosign3", "crane"],
  async (context) => {
    const setting = await openSetting(context, "refregistry");
    const { sandbox, address, key, publicKey } = setting;
    const way = cosignWay("cosign3", "bundle");
    const image = await setting.push("app:1");
    await cosignSign(sandbox, way, key, [image]);
    const [theirs, ours] = [`${address}/theirs:1`, `${address}/ours:1`];
    assertDone(await cosign(sandbox, "cosign3", ["copy", image, theirs]), "cosign copy");
    assertDone(await runHere(sandbox, ["copy", image, ours]), "copy");
    for (const [copy, code] of [[theirs, 10], [ours, 0]] as const) {
      assert.equal((await cosignVerify(sandbox, way, publicKey, [copy])).code, code, copy);
      assert.equal((await runHere(sandbox, ["verify", "--key", publicKey, copy])).code, code, copy);
    }
  },
);

peerTest(
  "the tag that cosign copy leaves on an image is no signature, and is not overwritten",
  ["refregistry", "cosign3", "crane"],
  async (context) => {
    const setting = await openSetting(context, "refregistry");
    const { sandbox, address, key, publicKey } = setting;
    const image = `${address}/copy:1`;
    const made = await cosign(sandbox, "cosign3", ["copy", await setting.push("app:1"), image]);
    assertDone(made, "cosign copy");
    const digest = await digestOfTag(sandbox, image);
    const left = `${address}/copy:${digest.replace(":", "-")}`;
    assert.equal(await digestOfTag(sandbox, left), digest, "cosign: leaves it");

    const verify = ["verify", "--key", publicKey, image];
    assert.equal((await runHere(sandbox, verify)).code, 10);
    const way = cosignWay("cosign3", "bundle");
    const theirs = await cosign(sandbox, "cosign3", [
      "sign",
      ...way.signFlags,
      "--key",
      key,
      image,
    ]);
    assert.equal(theirs.code, 1, "cosign: cannot sign what it has copied");
    const ours = await runHere(sandbox, ["sign", "--key", key, image]);
    assert.equal(ours.code, 1);
    assert.match(ours.stderr, /names the image itself, as cosign copy leaves it; remove that tag/u);
    assert.equal(await digestOfTag(sandbox, left), digest);

    assertDone(await runHere(sandbox, ["sign", "--format", "legacy", "--key", key, image]), "sign");
    assertDone(await runHere(sandbox, verify), "verify");
    const further = `${address}/further:1`;
    assertDone(await runHere(sandbox, ["copy", image, further]), "copy");
    assertDone(await runHere(sandbox, [...verify.slice(0, -1), further]), "verify");
  },
);

peerTest(
  "copy passes a large layer on without holding it",
  ["refregistry", "distribution", "crane"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const source = await startRegistry(context, registryKind("refregistry"), sandbox);
    const target = await startRegistry(context, registryKind("distribution 3"), sandbox);
    const file = await open(sandbox.path("large"), "w");
    const hash = createHash("sha256");
    for (let mebibyte = 0; mebibyte < 256; mebibyte++) {
      const piece = randomBytes(1024 * 1024);
      hash.update(piece);
      await file.write(piece);
    }
    await file.close();
    const image = `${source.address}/team/large`;
    assertDone(await run(sandbox, "upload_blob", ["-f", "large", image]), "upload blob");
    const copy = `${target.address}/mirror/large`;
    assertDone(await run(sandbox, "copy", [image, copy]), "copy");
    const { layers } = JSON.parse(await crane(sandbox, ["manifest", copy])) as {
      layers: readonly { digest: string; size: number }[];
    };
    const [{ digest, size }] = layers as readonly [{ digest: string; size: number }];
    assert.deepEqual([digest, size], [`sha256:${hash.digest("hex")}`, 256 * 1024 * 1024]);
    const response = await fetch(`http://${target.address}/v2/mirror/large/blobs/${digest}`, {
      method: "HEAD",
    });
    assert.equal(response.headers.get("content-length"), String(size));
  },
);
