/** Signers of one image at the same time: cosign loses some of their signatures, without an error. */

import assert from "node:assert/strict";
import { countSignatures, digestOfTag, pushImage } from "./support/content.ts";
import { COSIGN_WAYS, cosignVerify } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import { openSandbox } from "./support/sandbox.ts";
import { assertDone, sigfleet, verifyFleet } from "./support/sigfleet.ts";

const SIGNERS = ["a", "b", "c", "d", "e"];

// distribution on a file system answers some of such writes with 400 DIGEST_INVALID: it reads links
// that are half written.
for (const name of ["refregistry", "refregistry with referrers"]) {
  const kind = registryKind(name);
  peerTest(
    `no signature is lost when several sign one image at the same time: ${name}`,
    [...kind.peers, "cosign3", "crane"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const { address } = await startRegistry(context, kind, sandbox);
      const repository = `${address}/team/app`;
      const image = `${repository}:1`;
      await pushImage(sandbox, image);
      for (const signer of SIGNERS) {
        const made = await sigfleet(sandbox, ["generate-key-pair", "--output-key-prefix", signer]);
        assertDone(made, "generate-key-pair");
      }
      const signed = await Promise.all(
        SIGNERS.map((signer) =>
          sigfleet(sandbox, ["sign", "--key", `${signer}.key`, "--format", "both", image])
        ),
      );
      for (const done of signed) assertDone(done, "sign");

      const stored = await countSignatures(
        sandbox,
        kind,
        repository,
        await digestOfTag(sandbox, image),
      );
      assert.deepEqual(stored, { legacy: SIGNERS.length, bundle: SIGNERS.length });
      for (const signer of SIGNERS) {
        const report = await verifyFleet(sandbox, ["--key", `${signer}.pub`, image]);
        assert.equal(report.code, 0, report.stdout);
        for (const way of COSIGN_WAYS.filter(({ peer }) => peer === "cosign3")) {
          assertDone(await cosignVerify(sandbox, way, `${signer}.pub`, [image]), way.name);
        }
      }
    },
  );
}
