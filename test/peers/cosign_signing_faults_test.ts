/** What cosign 3.1.3 gets wrong when it signs; see cosign_faults_test.ts. */

import assert from "node:assert/strict";
import { countSignatures, digestOfTag } from "./support/content.ts";
import { COSIGN_WAYS, COSIGNS, cosignSign, cosignVerify, cosignWay } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { type Proxy, startProxy } from "./support/proxy.ts";
import { runHere } from "./support/run_here.ts";
import { openSetting } from "./support/setting.ts";
import { assertDone, sigfleet } from "./support/sigfleet.ts";

const PEERS = ["refregistry", "cosign3", "crane"] as const;
const FORMATS = ["bundle", "legacy"] as const;

/** Hold what two writers write to one tag until both are about to: each has then read what was there. */
function meetOnce(proxy: Proxy): void {
  const waiting: (() => void)[] = [];
  let met = false;
  proxy.failing(async (line) => {
    if (met || !/^PUT .*\/manifests\/sha256-/u.test(line)) return undefined;
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      met = waiting.length === 2;
      if (met) { for (const go of waiting) go(); }
    });
    return undefined;
  });
}

for (const format of FORMATS) {
  const way = cosignWay("cosign3", format);
  peerTest(
    `10: of two that sign at the same time neither loses its signature (${format})`,
    PEERS,
    async (context) => {
      const setting = await openSetting(context, "refregistry");
      const { sandbox, address, kind, key, otherKey } = setting;
      const proxy = await startProxy(context, address);
      const stored = async (repository: string): Promise<number> => {
        const digest = await digestOfTag(sandbox, `${address}/${repository}:1`);
        return (await countSignatures(sandbox, kind, `${address}/${repository}`, digest))[format];
      };
      for (const repository of ["theirs", "ours"]) await setting.push(`${repository}:1`);

      meetOnce(proxy);
      const theirs = `${proxy.address}/theirs:1`;
      await Promise.all([key, otherKey].map((one) => cosignSign(sandbox, way, one, [theirs])));
      assert.equal(await stored("theirs"), 1, "cosign: one is lost, and both say that all is well");

      meetOnce(proxy);
      const ours = `${proxy.address}/ours:1`;
      const signed = await Promise.all(
        [key, otherKey].map((one) =>
          sigfleet(sandbox, ["sign", "--key", one, "--format", format, ours])
        ),
      );
      for (const done of signed) assertDone(done, "sign");
      assert.equal(await stored("ours"), 2);
    },
  );

  peerTest(`11: who signs twice has signed once (${format})`, PEERS, async (context) => {
    const setting = await openSetting(context, "refregistry with referrers");
    const { sandbox, address, kind, key, publicKey } = setting;
    const theirs = await setting.push("theirs:1");
    const ours = await setting.push("ours:1");
    for (let time = 0; time < 2; time++) {
      await cosignSign(sandbox, way, key, [theirs]);
      assertDone(await runHere(sandbox, ["sign", "--key", key, "--format", format, ours]), "sign");
    }
    const counts = new Map<string, readonly number[]>();
    for (const [name, image] of Object.entries({ theirs, ours })) {
      const digest = await digestOfTag(sandbox, image);
      const stored = await countSignatures(sandbox, kind, `${address}/${name}`, digest);
      const { stdout } = await cosignVerify(sandbox, way, publicKey, [image]);
      counts.set(name, [stored[format], (JSON.parse(stdout) as readonly unknown[]).length]);
    }
    const again = format === "bundle" ? 2 : 1;
    assert.deepEqual(counts.get("theirs"), [again, again], "cosign: each time one more bundle");
    assert.deepEqual(counts.get("ours"), [1, 1]);
  });
}

peerTest(
  "what a cosign has signed with the same key is not signed again",
  ["refregistry", ...COSIGNS, "crane"],
  async (context) => {
    const setting = await openSetting(context, "refregistry with referrers", "cosign1");
    const { sandbox, address, kind, key } = setting;
    for (const [number, way] of COSIGN_WAYS.entries()) {
      const image = await setting.push(`app${number}:1`);
      await cosignSign(sandbox, way, key, [image]);
      assertDone(
        await runHere(sandbox, ["sign", "--key", key, "--format", way.format, image]),
        "sign",
      );
      const digest = await digestOfTag(sandbox, image);
      const stored = await countSignatures(sandbox, kind, `${address}/app${number}`, digest);
      assert.equal(stored[way.format], 1, way.name);
    }
  },
);
