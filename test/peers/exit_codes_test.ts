/** What is not verified, and how the commands say so. */

import assert from "node:assert/strict";
import { crane, digestOfTag, pushImage } from "./support/content.ts";
import { COSIGN_WAYS, cosignKeyPair, COSIGNS, cosignSign } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { REGISTRY_KINDS, startRegistry } from "./support/registries.ts";
import { openSandbox } from "./support/sandbox.ts";
import { sigfleet, verifyFleet } from "./support/sigfleet.ts";

for (const kind of REGISTRY_KINDS) {
  peerTest(
    `unsigned, signed by others and missing are told apart: ${kind.name}`,
    [...kind.peers, ...COSIGNS, "crane"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const { address } = await startRegistry(context, kind, sandbox);
      await cosignKeyPair(sandbox, "cosign1");
      await cosignKeyPair(sandbox, "cosign3", "other");
      const repository = `${address}/team/app`;
      for (const tag of ["unsigned", "bundle", "legacy"]) {
        await pushImage(sandbox, `${repository}:${tag}`);
      }
      for (const format of ["bundle", "legacy"] as const) {
        const way = COSIGN_WAYS.find((one) => one.format === format)!;
        await cosignSign(sandbox, way, "cosign1.key", [`${repository}:${format}`]);
      }
      const absent = `sha256:${"0".repeat(64)}`;
      const cases = [
        ["unsigned", "unsigned", "no-signature", 10],
        ["bundle", "failed", "signature-mismatch", 12],
        ["legacy", "failed", "signature-mismatch", 12],
        ["missing", "failed", "image-not-found", 11],
      ] as const;

      const report = await verifyFleet(sandbox, [
        ...["--key", "other.pub"],
        ...cases.map(([tag]) => `${repository}:${tag}`),
        `${address}/no/such:1`,
        `${repository}@${absent}`,
      ]);
      assert.equal(report.code, 1);
      assert.deepEqual(report.images.map(({ verdict }) => verdict), [
        ...cases.map(([, verdict]) => verdict),
        "failed",
        "failed",
      ]);
      for (const [index, [tag, , code]] of cases.entries()) {
        const { reasons, signatures } = report.images[index]!;
        const codes = [...reasons, ...signatures.flatMap((one) => one.reasons)].map((one) =>
          one.code
        );
        assert(codes.includes(code), `${tag}: ${codes.join()}`);
      }
      assert.deepEqual(report.images.slice(-2).map(({ reasons }) => reasons[0]!.code), [
        "image-not-found",
        "image-not-found",
      ]);

      for (const [tag, , , code] of cases) {
        const image = `${repository}:${tag}`;
        const verified = await sigfleet(sandbox, ["verify", "--key", "other.pub", image]);
        assert.equal(verified.code, code, `${tag}: ${verified.stderr}`);
        assert.equal(verified.stdout, "", tag);
        assert.match(verified.stderr, /^Error: .*\n$/u, "one line, and no trace");
      }
    },
  );

  peerTest(
    `a repository that does not exist is told from one without images: ${kind.name}`,
    [...kind.peers, ...COSIGNS, "crane"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const { address } = await startRegistry(context, kind, sandbox);
      await cosignKeyPair(sandbox, "cosign1");
      const missing = await verifyFleet(sandbox, ["--key", "cosign1.pub", `${address}/no/such`]);
      assert.equal(missing.code, 1);
      assert.equal(missing.images[0]!.reasons[0]!.code, "image-not-found");
      const signed = await sigfleet(sandbox, [
        "sign",
        "--key",
        "cosign1.key",
        `${address}/no/such:1`,
      ]);
      assert.notEqual(signed.code, 0);

      // An image that is gone by its tag is there by its digest.
      const repository = `${address}/team/app`;
      await pushImage(sandbox, `${repository}:1`);
      const digest = await digestOfTag(sandbox, `${repository}:1`);
      await crane(sandbox, ["tag", `${repository}:1`, "2"]);
      const byDigest = await verifyFleet(sandbox, [
        ...["--key", "cosign1.pub", `${repository}@${digest}`, `${repository}:2@${digest}`],
      ]);
      assert.deepEqual(byDigest.images.map((one) => [one.verdict, one.digest]), [
        ["unsigned", digest],
        ["unsigned", digest],
      ]);
    },
  );
}
