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

/** How `cosign verify` names what was signed. */
const TYPES: Readonly<Record<string, string>> = {
  bundle: "https://sigstore.dev/cosign/sign/v1",
  legacy: "cosign container image signature",
};

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

      for (const { image, digest } of report.images) {
        const { code, stdout, stderr } = await sigfleet(sandbox, ["verify", ...key, image]);
        assert.equal(code, 0, `${image}: ${stderr}`);
        const [{ critical }] = JSON.parse(stdout) as [{ critical: { type: string } }];
        assert(expected.get(digest!)!.some((format) => critical.type === TYPES[format]), stdout);
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
      for (const format of ["bundle", "legacy"] as const) {
        const ways = COSIGN_WAYS.filter((way) => way.format === format);
        const theirsFirst = ways.map((_, index) => `${address}/${format}/theirs-first${index}`);
        const oursFirst = ways.map((_, index) => `${address}/${format}/ours-first${index}`);
        const all = [...theirsFirst, ...oursFirst];
        for (const repository of all) await pushImage(sandbox, `${repository}:1`);
        const sign = ["--key", "ours.key", "--format", format, ...all];

        for (const [index, way] of ways.entries()) {
          await cosignSign(sandbox, way, "theirs.key", [`${theirsFirst[index]}:1`]);
        }
        const signed = await signTags(sandbox, sign);
        assert.equal(signed.code, 0, signed.stdout);
        assert.equal(signed.summary.signed, all.length, signed.stdout);
        for (const [index, way] of ways.entries()) {
          await cosignSign(sandbox, way, "theirs.key", [`${oursFirst[index]}:1`]);
        }
        const again = await signTags(sandbox, sign);
        assert.equal(again.summary.alreadySigned, all.length, again.stdout);

        for (const repository of all) {
          const digest = await digestOfTag(sandbox, `${repository}:1`);
          const stored = await countSignatures(sandbox, kind, repository, digest);
          assert.equal(stored[format], 2, repository);
        }
        for (const key of ["ours.pub", "theirs.pub"]) {
          for (const way of ways) {
            const verified = await cosignVerify(sandbox, way, key, all.map((name) => `${name}:1`));
            assertDone(verified, `${way.name}, ${key}`);
          }
          const report = await verifyFleet(sandbox, ["--key", key, ...all]);
          assert.equal(report.code, 0, `${format}, ${key}: ${report.stdout}`);
        }
      }
    },
  );
}
