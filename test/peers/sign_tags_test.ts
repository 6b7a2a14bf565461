/** What sign-tags writes, every cosign verifies, on every registry. */

import assert from "node:assert/strict";
import { countSignatures, digestOfTag, FLEET_TAGS, pushFleet } from "./support/content.ts";
import { COSIGN_WAYS, cosignKeyPair, COSIGNS, cosignVerify } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { REGISTRY_KINDS, registryKind, startRegistry } from "./support/registries.ts";
import { openSandbox } from "./support/sandbox.ts";
import { assertDone, sigfleet, signTags, verifyFleet } from "./support/sigfleet.ts";

for (const kind of REGISTRY_KINDS) {
  peerTest(
    `sign-tags signs every tag of a repository once, and every cosign verifies it: ${kind.name}`,
    [...kind.peers, ...COSIGNS, "crane"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const { address } = await startRegistry(context, kind, sandbox);
      const repository = `${address}/team/app`;
      await pushFleet(sandbox, repository);
      assertDone(await sigfleet(sandbox, ["generate-key-pair"]), "generate-key-pair");
      const sign = ["--key", "cosign.key", "--format", "both", repository];

      const planned = await signTags(sandbox, ["--dry-run", ...sign]);
      assert.equal(planned.code, 0, planned.stderr);
      assert.equal(planned.summary.toSign, FLEET_TAGS.length);
      const { summary: unsigned, code } = await verifyFleet(sandbox, [
        "--key",
        "cosign.pub",
        repository,
      ]);
      assert.equal(unsigned.unsigned, FLEET_TAGS.length, "a dry run signs nothing");
      assert.equal(code, 1);

      const signed = await signTags(sandbox, sign);
      assert.equal(signed.code, 0, signed.stderr);
      const { tags, digests, signed: newlySigned, failed } = signed.summary;
      assert.deepEqual([tags, digests, newlySigned, failed], [5, 4, 5, 0]);
      assert.deepEqual(signed.images.map(({ image }) => image).sort(), [
        ...FLEET_TAGS.map((tag) => `${repository}:${tag}`),
      ]);

      const verified = await verifyFleet(sandbox, ["--key", "cosign.pub", repository]);
      assert.equal(verified.code, 0, verified.stderr);
      assert.equal(verified.summary.verified, FLEET_TAGS.length);
      assert.equal(verified.summary.images, FLEET_TAGS.length, "signatures are no images");

      const images = FLEET_TAGS.map((tag) => `${repository}:${tag}`);
      for (const way of COSIGN_WAYS) {
        assertDone(await cosignVerify(sandbox, way, "cosign.pub", images), way.name);
      }

      const again = await signTags(sandbox, sign);
      assert.equal(again.code, 0, again.stderr);
      assert.deepEqual([again.summary.signed, again.summary.alreadySigned], [0, 5]);
      for (const image of images) {
        const digest = await digestOfTag(sandbox, image);
        assert.deepEqual(
          await countSignatures(sandbox, kind, repository, digest),
          { legacy: 1, bundle: 1 },
          image,
        );
      }
    },
  );

  peerTest(
    `sign-tags signs only the tags and in the format that are asked for: ${kind.name}`,
    [...kind.peers, ...COSIGNS, "crane"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const { address } = await startRegistry(context, kind, sandbox);
      assertDone(await sigfleet(sandbox, ["generate-key-pair"]), "generate-key-pair");
      for (const format of ["bundle", "legacy"] as const) {
        const repository = `${address}/${format}`;
        await pushFleet(sandbox, repository);
        const signed = await signTags(sandbox, [
          ...["--key", "cosign.key", "--format", format],
          ...["--tags", "1.*", "--tags", "multi", "--exclude", "*.1", repository],
        ]);
        assert.equal(signed.code, 0, signed.stderr);
        assert.deepEqual(
          signed.images.map(({ image, outcome, formats }) => [image, outcome, formats]).sort(),
          ["1.0", "multi"].map((tag) => [`${repository}:${tag}`, "signed", { [format]: "signed" }]),
        );

        const report = await verifyFleet(sandbox, ["--key", "cosign.pub", repository]);
        assert.equal(report.code, 1);
        const verdicts = report.images.map(({ image, verdict, signatures }) =>
          `${image.split(":").at(-1)} ${verdict} ${signatures.map((one) => one.format).join()}`
        );
        assert.deepEqual(verdicts.sort(), [
          `1.0 verified ${format}`,
          "1.1 unsigned ",
          "2.0 unsigned ",
          "latest unsigned ",
          `multi verified ${format}`,
        ]);

        const images = [`${repository}:1.0`, `${repository}:multi`];
        for (const way of COSIGN_WAYS) {
          const { code, stderr } = await cosignVerify(sandbox, way, "cosign.pub", images);
          // cosign 3 reads legacy signatures unasked where it finds no bundle at all.
          const reads = way.format === format || way.name === "cosign 3.1.3 (bundle)";
          assert.equal(code === 0, reads, `${way.name} on ${format}: ${code} ${stderr}`);
        }
      }
    },
  );
}

const KIND = registryKind("refregistry");

peerTest(
  "sign-tags signs with keys that cosign 1, 2 and 3 made, one beside another",
  ["refregistry", ...COSIGNS, "crane"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, KIND, sandbox);
    const repository = `${address}/team/app`;
    await pushFleet(sandbox, repository);
    for (const peer of COSIGNS) {
      await cosignKeyPair(sandbox, peer);
      const signed = await signTags(sandbox, [
        ...["--key", `${peer}.key`, "--format", "both", repository],
      ]);
      assert.equal(signed.code, 0, signed.stderr);
      assert.equal(signed.summary.signed, FLEET_TAGS.length);
    }
    const images = FLEET_TAGS.map((tag) => `${repository}:${tag}`);
    for (const peer of COSIGNS) {
      for (const way of COSIGN_WAYS) {
        const verified = await cosignVerify(sandbox, way, `${peer}.pub`, images);
        assertDone(verified, `${way.name} with the key of ${peer}`);
      }
      const report = await verifyFleet(sandbox, ["--key", `${peer}.pub`, repository]);
      assert.equal(report.code, 0, report.stdout);
    }
    const digest = await digestOfTag(sandbox, `${repository}:multi`);
    assert.deepEqual(
      await countSignatures(sandbox, KIND, repository, digest),
      { legacy: 3, bundle: 3 },
    );
  },
);
