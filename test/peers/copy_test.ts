/** Images copied, and read where they were copied to by the real cosigns. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { crane, digestOfTag, pushFleet } from "./support/content.ts";
import { COSIGN_WAYS, cosignKeyPair, COSIGNS, cosignSign, cosignVerify } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";
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
