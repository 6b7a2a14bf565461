/** Where signatures are kept when they are not kept beside the image under the usual names. */

import assert from "node:assert/strict";
import { digestOfTag, manifestAt } from "./support/content.ts";
import {
  cosign,
  COSIGN_WAYS,
  COSIGNS,
  cosignVerify,
  type CosignWay,
  cosignWay,
} from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { runHere } from "./support/run_here.ts";
import type { Sandbox } from "./support/sandbox.ts";
import { openSetting } from "./support/setting.ts";
import { assertDone } from "./support/sigfleet.ts";

/** The sandbox with more in its environment. */
function withEnv(sandbox: Sandbox, env: Readonly<Record<string, string>>): Sandbox {
  return { ...sandbox, env: { ...sandbox.env, ...env } };
}

/** cosign 2.6.1 keeps bundles beside the image whatever it is told (sigstore/cosign#4872). */
function heedsRepository({ peer, format }: CosignWay): boolean {
  return peer !== "cosign2" || format !== "bundle";
}

for (const kind of ["refregistry", "refregistry with referrers"]) {
  peerTest(
    `COSIGN_REPOSITORY keeps signatures where every cosign looks for them: ${kind}`,
    ["refregistry", ...COSIGNS, "crane"],
    async (context) => {
      const setting = await openSetting(context, kind, "cosign1");
      const { address, key, publicKey } = setting;
      const elsewhere = `${address}/signatures/all`;
      const there = withEnv(setting.sandbox, { COSIGN_REPOSITORY: elsewhere });
      for (const [index, way] of COSIGN_WAYS.filter(heedsRepository).entries()) {
        const theirs = await setting.push(`theirs${index}:1`);
        const ours = await setting.push(`ours${index}:1`);
        const signed = await cosign(there, way.peer, [
          "sign",
          ...way.signFlags,
          "--key",
          key,
          theirs,
        ]);
        assertDone(signed, way.name);
        const sign = ["sign", "--key", key, "--format", way.format, ours];
        assertDone(await runHere(there, sign), way.name);
        for (const image of [theirs, ours]) {
          const verify = ["verify", "--key", publicKey, image];
          const accepted = await cosignVerify(there, way, publicKey, [image]);
          const same = await runHere(there, verify);
          const message = `${way.name}: ${image}`;
          assertDone(accepted, message);
          assertDone(same, message);
          assert.equal(same.stdout, accepted.stdout, message);
          assert.equal((await runHere(setting.sandbox, verify)).code, 10, "none beside the image");
        }
      }
    },
  );
}

peerTest(
  "a prefix of tags is the one that cosign writes and reads",
  ["refregistry", "cosign2", "cosign3", "crane"],
  async (context) => {
    const setting = await openSetting(context, "refregistry");
    const { sandbox, key, publicKey } = setting;
    const prefix = ["--attachment-tag-prefix", "release-"];
    for (const peer of ["cosign2", "cosign3"] as const) {
      const way = cosignWay(peer, "legacy");
      const theirs = await setting.push(`${peer}/theirs:1`);
      const ours = await setting.push(`${peer}/ours:1`);
      const signed = await cosign(sandbox, peer, [
        ...["sign", ...way.signFlags, ...prefix, "--key", key, theirs],
      ]);
      assertDone(signed, way.name);
      const sign = ["sign", "--format", "legacy", ...prefix, "--key", key, ours];
      assertDone(await runHere(sandbox, sign), "sign");
      for (const image of [theirs, ours]) {
        const accepted = await cosignVerify(sandbox, way, publicKey, [...prefix, image]);
        assertDone(accepted, `${way.name}: ${image}`);
        const verify = ["verify", "--key", publicKey, image];
        assertDone(await runHere(sandbox, [...verify, ...prefix]), image);
        assert.equal((await runHere(sandbox, verify)).code, 10);
        const [named, same] = [
          await cosign(sandbox, peer, ["triangulate", ...prefix, image]),
          await runHere(sandbox, ["triangulate", ...prefix, image]),
        ];
        assert.match(same.stdout, /:release-sha256-[0-9a-f]{64}\.sig\n$/u);
        assert.equal(same.stdout, named.stdout);
      }
    }
  },
);

peerTest(
  "legacy signatures that cosign keeps as referrers are found without being asked for",
  ["refregistry", "cosign2", "cosign3", "crane"],
  async (context) => {
    const setting = await openSetting(context, "refregistry with referrers");
    const { key, publicKey } = setting;
    const sandbox = withEnv(setting.sandbox, { COSIGN_EXPERIMENTAL: "1" });
    for (const peer of ["cosign2", "cosign3"] as const) {
      const way = cosignWay(peer, "legacy");
      const image = await setting.push(`${peer}:1`);
      const mode = ["--registry-referrers-mode", "oci-1-1"];
      const signed = await cosign(sandbox, peer, [
        ...["sign", ...way.signFlags, ...mode, "--key", key, image],
      ]);
      assertDone(signed, way.name);
      const found = await cosignVerify(sandbox, way, publicKey, ["--experimental-oci11", image]);
      assertDone(found, way.name);
      const plain = await cosignVerify(setting.sandbox, way, publicKey, [image]);
      assert.equal(plain.code, 10, "cosign: only if it is told where to look");
      const verify = ["verify", "--key", publicKey, image];
      for (const flags of [[], ["--experimental-oci11"]]) {
        const same = await runHere(setting.sandbox, [...verify, ...flags]);
        assert.deepEqual([same.code, same.stdout], [0, found.stdout], same.stderr);
      }
      const other = ["verify", "--key", setting.otherPublicKey, image];
      assert.equal((await runHere(setting.sandbox, other)).code, 12);
    }
  },
);

peerTest(
  "COSIGN_DOCKER_MEDIA_TYPES writes the manifest that cosign writes",
  ["refregistry", "cosign2", "cosign3", "crane"],
  async (context) => {
    const setting = await openSetting(context, "refregistry");
    const { address, key, publicKey } = setting;
    const sandbox = withEnv(setting.sandbox, { COSIGN_DOCKER_MEDIA_TYPES: "1" });
    const way = cosignWay("cosign3", "legacy");
    const shapes: string[] = [];
    for (const program of ["cosign", "ours"]) {
      const image = await setting.push(`${program}:1`);
      const done = program === "cosign"
        ? await cosign(sandbox, "cosign3", ["sign", ...way.signFlags, "--key", key, image])
        : await runHere(sandbox, ["sign", "--format", "legacy", "--key", key, image]);
      assertDone(done, program);
      const digest = await digestOfTag(sandbox, image);
      const tag = `${address}/${program}:${digest.replace(":", "-")}.sig`;
      const text = JSON.stringify(await manifestAt(sandbox, tag));
      shapes.push(text.replaceAll(/sha256:[0-9a-f]{64}|"size":\d+|"M[A-Za-z0-9+/=]{60,}"/gu, ""));
      for (const peer of ["cosign2", "cosign3"] as const) {
        const verified = await cosignVerify(sandbox, cosignWay(peer, "legacy"), publicKey, [image]);
        assertDone(verified, `${peer}: ${program}`);
      }
      assertDone(await runHere(setting.sandbox, ["verify", "--key", publicKey, image]), program);
    }
    assert.match(shapes[1]!, /docker\.distribution\.manifest\.v2\+json.*docker\.container\.image/u);
    assert.equal(shapes[1], shapes[0]);
  },
);
