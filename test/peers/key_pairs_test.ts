/** Key pairs of ours in cosign's hands, and of cosign's in ours. */

import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { pushImage } from "./support/content.ts";
import {
  cosign,
  COSIGN_WAYS,
  cosignKeyPair,
  COSIGNS,
  cosignSign,
  cosignVerify,
} from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import { openSandbox } from "./support/sandbox.ts";
import { assertDone, sigfleet, verifyFleet } from "./support/sigfleet.ts";

const KIND = registryKind("refregistry");

peerTest(
  "cosign 2 and 3 read, sign and verify with a key pair that generate-key-pair made",
  ["refregistry", "cosign2", "cosign3", "crane"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, KIND, sandbox);
    assertDone(await sigfleet(sandbox, ["generate-key-pair"]), "generate-key-pair");
    assert.equal((await stat(sandbox.path("cosign.key"))).mode & 0o777, 0o600);
    assert.equal((await stat(sandbox.path("cosign.pub"))).mode & 0o777, 0o644);
    const publicKey = await readFile(sandbox.path("cosign.pub"), "utf8");
    for (const peer of ["cosign2", "cosign3"] as const) {
      const shown = await cosign(sandbox, peer, ["public-key", "--key", "cosign.key"]);
      assertDone(shown, `${peer} public-key`);
      assert.equal(shown.stdout, publicKey);
    }
    for (const [index, way] of COSIGN_WAYS.entries()) {
      if (way.peer === "cosign1") continue;
      const image = `${address}/app${index}:1`;
      await pushImage(sandbox, image);
      await cosignSign(sandbox, way, "cosign.key", [image]);
      assertDone(await cosignVerify(sandbox, way, "cosign.pub", [image]), way.name);
      const { code, images } = await verifyFleet(sandbox, ["--key", "cosign.pub", image]);
      assert.equal(code, 0, way.name);
      assert.equal(images[0]!.signatures[0]!.format, way.format, way.name);
    }
  },
);

for (const peer of COSIGNS) {
  peerTest(
    `a key pair and signatures that ${peer} made work here`,
    ["refregistry", peer, "crane"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const { address } = await startRegistry(context, KIND, sandbox);
      await cosignKeyPair(sandbox, peer);
      const key = `${peer}.key`;
      for (const [index, way] of COSIGN_WAYS.entries()) {
        if (way.peer !== peer) continue;
        const image = `${address}/app${index}:1`;
        const ours = `${address}/ours${index}:1`;
        for (const name of [image, ours]) await pushImage(sandbox, name);
        await cosignSign(sandbox, way, key, [image]);
        const verified = await verifyFleet(sandbox, ["--key", `${peer}.pub`, image]);
        assert.equal(verified.code, 0, verified.stdout);
        const { format, signer } = verified.images[0]!.signatures[0]!;
        assert.deepEqual([format, signer!.name], [way.format, `${peer}.pub`]);

        const sign = ["sign", "--key", key, "--format", way.format, ours];
        assertDone(await sigfleet(sandbox, sign), way.name);
        assertDone(await cosignVerify(sandbox, way, `${peer}.pub`, [ours]), way.name);
      }

      const wrong = await sigfleet(sandbox, ["sign", "--key", key, `${address}/app0:1`], {
        env: { COSIGN_PASSWORD: "wrong" },
      });
      assert.equal(wrong.code, 2, wrong.stderr);
      assert.match(wrong.stderr, /^Error: .*password.*\n$/u);
    },
  );
}
