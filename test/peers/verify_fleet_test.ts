/** What every cosign signs, verify-fleet and verify accept, on every registry. */

import assert from "node:assert/strict";
import {
  countSignatures,
  digestOfTag,
  FLEET_TAGS,
  pushFleet,
  pushImage,
} from "./support/content.ts";
import {
  COSIGN_WAYS,
  cosignKeyPair,
  COSIGNS,
  cosignSign,
  cosignVerify,
  type CosignWay,
} from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { REGISTRY_KINDS, startRegistry } from "./support/registries.ts";
import { openSandbox } from "./support/sandbox.ts";
import { assertDone, sigfleet, signTags, verifyFleet } from "./support/sigfleet.ts";

/** Each way signs one tag of the small repository. */
const WAY_OF_TAG: ReadonlyMap<string, CosignWay> = new Map(
  FLEET_TAGS.map((tag, index) => [tag, COSIGN_WAYS[index]!]),
);

for (const kind of REGISTRY_KINDS) {
  peerTest(
    `verify-fleet verifies what every cosign signed, in one run: ${kind.name}`,
    [...kind.peers, ...COSIGNS, "crane"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const { address } = await startRegistry(context, kind, sandbox);
      const repository = `${address}/team/app`;
      await pushFleet(sandbox, repository);
      // All cosigns read a key of the oldest; it reads none of theirs.
      await cosignKeyPair(sandbox, "cosign1");
      const key = ["--key", "cosign1.pub"];

      // "2.0" and "latest" are one digest, and so signed twice.
      const expected = new Map<string, string[]>();
      for (const [tag, way] of WAY_OF_TAG) {
        await cosignSign(sandbox, way, "cosign1.key", [`${repository}:${tag}`]);
        const digest = await digestOfTag(sandbox, `${repository}:${tag}`);
        expected.set(digest, [...expected.get(digest) ?? [], way.format]);
      }

      const report = await verifyFleet(sandbox, [...key, repository]);
      assert.equal(report.code, 0, report.stdout);
      assert.equal(report.images.length, FLEET_TAGS.length);
      for (const { image, digest, verdict, signatures } of report.images) {
        assert.equal(verdict, "verified", image);
        const [signature] = signatures.filter(({ verified }) => verified);
        assert(expected.get(digest!)!.includes(signature!.format), `${image} ${signature!.format}`);
        assert.equal(signature!.signer!.name, "cosign1.pub");
        assert.deepEqual(signature!.notChecked, ["transparency-log"]);
      }

      for (const [tag, way] of WAY_OF_TAG) {
        const image = `${repository}:${tag}`;
        const { code, stdout, stderr } = await sigfleet(sandbox, ["verify", ...key, image]);
        assert.equal(code, 0, `${way.name}: ${stderr}`);
        const types = (JSON.parse(stdout) as { critical: { type: string } }[])
          .map(({ critical }) => critical.type);
        const type = way.format === "legacy"
          ? "cosign container image signature"
          : "https://sigstore.dev/cosign/sign/v1";
        assert(types.includes(type), `${way.name}: ${types.join()}`);
      }
    },
  );

  peerTest(
    `a second signer keeps the first one's signature, whoever comes first: ${kind.name}`,
    [...kind.peers, ...COSIGNS, "crane"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const { address } = await startRegistry(context, kind, sandbox);
      await cosignKeyPair(sandbox, "cosign1", "theirs");
      const made = await sigfleet(sandbox, ["generate-key-pair", "--output-key-prefix", "ours"]);
      assertDone(made, "generate-key-pair");
      for (const [index, way] of COSIGN_WAYS.entries()) {
        const first = `${address}/theirs/first${index}`;
        const second = `${address}/ours/first${index}`;
        const sign = ["--key", "ours.key", "--format", way.format];
        for (const repository of [first, second]) await pushImage(sandbox, `${repository}:1`);

        await cosignSign(sandbox, way, "theirs.key", [`${first}:1`]);
        const signed = await signTags(sandbox, [...sign, first, second]);
        assert.equal(signed.code, 0, signed.stderr);
        await cosignSign(sandbox, way, "theirs.key", [`${second}:1`]);
        const again = await signTags(sandbox, [...sign, first, second]);
        assert.equal(again.summary.alreadySigned, 2, `${way.name}: ${again.stdout}`);

        for (const repository of [first, second]) {
          const image = `${repository}:1`;
          const digest = await digestOfTag(sandbox, image);
          const stored = await countSignatures(sandbox, kind, repository, digest);
          assert.equal(stored[way.format], 2, `${way.name}: ${image}`);
          for (const key of ["ours.pub", "theirs.pub"]) {
            assertDone(await cosignVerify(sandbox, way, key, [image]), `${way.name}, ${key}`);
          }
        }
        for (const key of ["ours.pub", "theirs.pub"]) {
          const report = await verifyFleet(sandbox, ["--key", key, first, second]);
          assert.equal(report.code, 0, `${way.name}, ${key}: ${report.stdout}`);
        }
      }
    },
  );
}
