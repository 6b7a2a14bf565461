/** Indexes, and indexes in indexes, signed with all that is in them. */

import assert from "node:assert/strict";
import { pushNestedIndex } from "./support/content.ts";
import { COSIGN_WAYS, COSIGNS, cosignSign, cosignVerify } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { runHere } from "./support/run_here.ts";
import { openSetting } from "./support/setting.ts";
import { assertDone } from "./support/sigfleet.ts";

for (const kind of ["refregistry with referrers", "distribution 3"]) {
  peerTest(
    `what each program signs recursively the others verify, image by image: ${kind}`,
    ["refregistry", "distribution", ...COSIGNS, "crane"],
    async (context) => {
      const setting = await openSetting(context, kind, "cosign1");
      const { sandbox, address, key, publicKey } = setting;
      const recursive = ["verify", "--recursive", "--key", publicKey];
      for (const [number, way] of COSIGN_WAYS.entries()) {
        const theirs = await pushNestedIndex(sandbox, `${address}/theirs${number}`);
        await cosignSign(sandbox, way, key, ["--recursive", theirs.index]);
        const verified = await runHere(sandbox, [...recursive, theirs.index]);
        assertDone(verified, `${way.name}: ${theirs.index}`);

        const ours = await pushNestedIndex(sandbox, `${address}/ours${number}`);
        const sign = ["sign", "--recursive", "--key", key, "--format", way.format, ours.index];
        assertDone(await runHere(sandbox, sign), way.name);
        assertDone(await runHere(sandbox, [...recursive, ours.index]), way.name);
        for (const image of [ours.index, ...ours.children]) {
          assertDone(await cosignVerify(sandbox, way, publicKey, [image]), way.name);
        }
      }
      const bare = await pushNestedIndex(sandbox, `${address}/bare`);
      const { code, stdout } = await runHere(sandbox, [...recursive, bare.index]);
      assert.deepEqual([code, stdout], [10, ""]);
    },
  );
}
