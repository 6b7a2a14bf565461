/** Signatures of cosign shown and removed by us, and ours by cosign; what is left can be signed again. */

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { crane, pushImage } from "./support/content.ts";
import {
  cosign,
  COSIGN_WAYS,
  cosignKeyPair,
  cosignSign,
  cosignVerify,
  type CosignWay,
} from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { type RegistryKind, registryKind, startRegistry } from "./support/registries.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";
import { assertDone, sigfleet } from "./support/sigfleet.ts";

const KINDS = [
  "distribution 3",
  "distribution 3 with tokens",
  "refregistry",
  "refregistry with referrers",
].map(registryKind);

const WAYS = COSIGN_WAYS.filter(({ peer }) => peer === "cosign3");

/** Attest something of an image with cosign 3, in one format. */
async function cosignAttest(
  sandbox: Sandbox,
  { signFlags }: CosignWay,
  key: string,
  image: string,
): Promise<void> {
  const predicate = await sandbox.write("predicate.txt", "anything");
  const words = ["attest", ...signFlags, "--key", key, "--predicate", predicate, image];
  assertDone(await cosign(sandbox, "cosign3", words), "cosign3 attest");
}

async function tagsOf(sandbox: Sandbox, image: string): Promise<readonly string[]> {
  const tags = await crane(sandbox, ["ls", image.replace(/:[^:/]+$/u, "")]);
  return tags.split("\n");
}

/** The lines of `tree`, in an order: cosign's changes from run to run. */
function lines(text: string): readonly string[] {
  return text.trimEnd().split("\n").sort();
}

/** An image that cosign signed in each format with two keys, and attested something of with one. */
async function openAttached(
  context: TestContext,
  kind: RegistryKind,
): Promise<{ readonly sandbox: Sandbox; readonly image: string }> {
  const sandbox = await openSandbox(context);
  const { address } = await startRegistry(context, kind, sandbox);
  const image = `${address}/team/app:1.0`;
  await pushImage(sandbox, image);
  for (const name of ["first", "second"]) await cosignKeyPair(sandbox, "cosign3", name);
  for (const way of WAYS) {
    for (const key of ["first.key", "second.key"]) await cosignSign(sandbox, way, key, [image]);
    await cosignAttest(sandbox, way, "second.key", image);
  }
  return { sandbox, image };
}

for (const kind of KINDS) {
  const peers = [...kind.peers, "crane", "cosign3"] as const;

  peerTest(
    `what cosign attached, tree shows and clean takes by key, on ${kind.name}`,
    peers,
    async (context) => {
      const { sandbox, image } = await openAttached(context, kind);
      const theirs = await cosign(sandbox, "cosign3", ["tree", image]);
      const ours = await sigfleet(sandbox, ["tree", image]);
      assertDone(ours, "tree");
      assert.deepEqual(lines(ours.stdout), lines(theirs.stdout));
      const byKey = await sigfleet(sandbox, ["clean", "-f", "--key", "second.pub", image]);
      assertDone(byKey, "clean --key");
      assert.equal(byKey.stderr.match(/^Removed /gmu)?.length, 4, byKey.stderr);
      for (const way of WAYS) {
        assertDone(await cosignVerify(sandbox, way, "first.pub", [image]), `${way.name} verify`);
        assert.notEqual((await cosignVerify(sandbox, way, "second.pub", [image])).code, 0);
        // Another signer finds what it can append to.
        await cosignSign(sandbox, way, "second.key", [image]);
        assertDone(await cosignVerify(sandbox, way, "second.pub", [image]), `${way.name} verify`);
      }
    },
  );

  peerTest(
    `what cosign attached, clean removes, and cosign signs again, on ${kind.name}`,
    peers,
    async (context) => {
      const { sandbox, image } = await openAttached(context, kind);
      const planned = await sigfleet(sandbox, ["clean", "--dry-run", image]);
      const all = await sigfleet(sandbox, ["clean", image], { input: "y\n" });
      assertDone(all, "clean");
      const removed = [...all.stderr.matchAll(/Removed (.*)$/gmu)].map(([, what]) => what);
      assert.deepEqual(planned.stdout.match(/(?<=Would remove ).*$/gmu), removed);
      assert.deepEqual(await tagsOf(sandbox, image), ["1.0"]);
      assert.deepEqual(
        lines((await sigfleet(sandbox, ["tree", image])).stdout),
        lines((await cosign(sandbox, "cosign3", ["tree", image])).stdout),
      );
      for (const way of WAYS) {
        assert.equal((await cosignVerify(sandbox, way, "first.pub", [image])).code, 10);
      }
      for (const way of WAYS) {
        await cosignSign(sandbox, way, "first.key", [image]);
        assertDone(await cosignVerify(sandbox, way, "first.pub", [image]), `${way.name} verify`);
      }
      assertDone(await sigfleet(sandbox, ["verify", "--key", "first.pub", image]), "verify");
    },
  );

  peerTest(`what we attached, cosign shows and cleans, on ${kind.name}`, peers, async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, kind, sandbox);
    const image = `${address}/team/app:1.0`;
    await pushImage(sandbox, image);
    await cosignKeyPair(sandbox, "cosign3", "key");
    const sign = ["sign", "--key", "key.key", "--format", "both", image];
    assertDone(await sigfleet(sandbox, sign), "sign");
    const shown = await cosign(sandbox, "cosign3", ["tree", image]);
    assert.deepEqual(lines((await sigfleet(sandbox, ["tree", image])).stdout), lines(shown.stdout));
    assert.equal(shown.stdout.match(/└── (?:🔐|🔗)/gu)?.length, 2);
    assertDone(await cosign(sandbox, "cosign3", ["clean", "-f", image]), "cosign3 clean");
    assert.equal((await sigfleet(sandbox, ["verify", "--key", "key.pub", image])).code, 10);
    // It may have left entries of a list that name nothing.
    assertDone(await sigfleet(sandbox, ["clean", "-f", image]), "clean");
    assert.deepEqual(await tagsOf(sandbox, image), ["1.0"]);
    assertDone(await cosign(sandbox, "cosign3", ["clean", "-f", image]), "cosign3 clean");
    assertDone(await sigfleet(sandbox, sign), "sign");
    for (const way of WAYS) {
      assertDone(await cosignVerify(sandbox, way, "key.pub", [image]), `${way.name} verify`);
    }
  });
}
