/** How many requests signing and verifying cost here, and how many with cosign 3.1.3. */

import assert from "node:assert/strict";
import { digestOfTag } from "./support/content.ts";
import { cosignSign, cosignVerify, cosignWay } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { startProxy } from "./support/proxy.ts";
import { runHere } from "./support/run_here.ts";
import { openSetting } from "./support/setting.ts";
import { assertDone } from "./support/sigfleet.ts";

type Program = "cosign" | "ours";

/** What is counted, in this order; another signs before the fourth. */
const STEPS = [
  "sign",
  "verify by tag",
  "verify by digest",
  "verify by digest, signed by another as well",
  "verify by digest, signed three times",
] as const;

/** By registry and format; every program begins by asking how the registry is spoken to. */
const COUNTS: readonly {
  readonly kind: string;
  readonly format: "bundle" | "legacy";
  readonly counts: Readonly<Record<Program, readonly number[]>>;
}[] = [
  {
    kind: "refregistry",
    format: "bundle",
    counts: { cosign: [17, 11, 9, 13, 21], ours: [14, 6, 5, 7, 7] },
  },
  {
    kind: "refregistry",
    format: "legacy",
    counts: { cosign: [14, 7, 5, 6, 6], ours: [11, 5, 4, 4, 4] },
  },
  {
    kind: "refregistry with referrers",
    format: "bundle",
    counts: { cosign: [15, 9, 7, 11, 19], ours: [10, 5, 4, 6, 6] },
  },
  {
    kind: "refregistry with referrers",
    format: "legacy",
    counts: { cosign: [14, 6, 4, 5, 5], ours: [11, 5, 4, 4, 4] },
  },
];

for (const { kind, format, counts } of COUNTS) {
  peerTest(
    `12: signing and verifying cost fewer requests than with cosign: ${kind}, ${format}`,
    ["refregistry", "cosign3", "crane"],
    async (context) => {
      const setting = await openSetting(context, kind);
      const { sandbox, address, key, publicKey, otherKey } = setting;
      const proxy = await startProxy(context, address);
      const way = cosignWay("cosign3", format);
      // Told nothing of formats, as by its users: it looks for both.
      const asked = cosignWay("cosign3", "bundle");
      for (const program of ["cosign", "ours"] as const) {
        await setting.push(`${program}:1`);
        const image = `${proxy.address}/${program}:1`;
        const digest = await digestOfTag(sandbox, image);
        const byDigest = `${proxy.address}/${program}@${digest}`;
        const sign = async (): Promise<void> => {
          if (program === "cosign") return await cosignSign(sandbox, way, key, [image]);
          const words = ["sign", "--key", key, "--format", format, image];
          assertDone(await runHere(sandbox, words), "sign");
        };
        const verify = async (name: string): Promise<void> => {
          const done = program === "cosign"
            ? await cosignVerify(sandbox, asked, publicKey, [name])
            : await runHere(sandbox, ["verify", "--key", publicKey, name]);
          assertDone(done, `${program} verify`);
        };
        const found: number[] = [];
        const count = async (work: Promise<void>): Promise<void> => {
          const before = proxy.requests.length;
          await work;
          found.push(proxy.requests.length - before);
        };
        await count(sign());
        await count(verify(image));
        await count(verify(byDigest));
        await cosignSign(sandbox, way, otherKey, [image]);
        await count(verify(byDigest));
        for (let time = 1; time < 3; time++) await sign();
        await count(verify(byDigest));
        const named = (numbers: readonly number[]) =>
          Object.fromEntries(STEPS.map((step, index) => [step, numbers[index]]));
        assert.deepEqual(named(found), named(counts[program]), program);
      }
    },
  );
}
