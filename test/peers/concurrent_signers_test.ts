/** Signers of one image at the same time: cosign loses some of their signatures, without an error. */

import assert from "node:assert/strict";
import { systemClock } from "../../lib/base/clock.ts";
import { SIGNATURE_FORMATS } from "../../lib/signature/signature_format.ts";
import { countSignatures, digestOfTag } from "./support/content.ts";
import { cosign, cosignKeyPair, cosignSign, cosignVerify, cosignWay } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { startProxy } from "./support/proxy.ts";
import { REGISTRY_KINDS } from "./support/registries.ts";
import { runHere } from "./support/run_here.ts";
import type { Sandbox } from "./support/sandbox.ts";
import { openSetting } from "./support/setting.ts";
import { assertDone } from "./support/sigfleet.ts";

/** Make key pairs, and give their names. */
async function makeKeys(sandbox: Sandbox, prefix: string, count: number) {
  const names = Array.from({ length: count }, (_, number) => `${prefix}${number}`);
  for (const name of names) await cosignKeyPair(sandbox, "cosign1", name);
  return names;
}

/** Sign with time as it is: others are given some to write. */
async function sign(sandbox: Sandbox, name: string, format: string, image: string): Promise<void> {
  const words = ["sign", "--key", sandbox.path(`${name}.key`), "--format", format, image];
  assertDone(await runHere(sandbox, words, { clock: systemClock }), `sign with ${name}`);
}

for (const kind of REGISTRY_KINDS) {
  peerTest(
    `of eight that sign one image at the same time none is lost: ${kind.name}`,
    [...kind.peers, "cosign1", "cosign3", "crane"],
    async (context) => {
      const setting = await openSetting(context, kind.name, "cosign1");
      const { sandbox, address } = setting;
      const image = await setting.push("team/app:1");
      const signers = await makeKeys(sandbox, "signer", 8);
      await Promise.all(signers.map((name) => sign(sandbox, name, "both", image)));

      const digest = await digestOfTag(sandbox, image);
      const stored = await countSignatures(sandbox, kind, `${address}/team/app`, digest);
      assert.deepEqual(stored, { legacy: signers.length, bundle: signers.length });
      for (const name of signers) {
        for (const format of SIGNATURE_FORMATS) {
          const way = cosignWay("cosign3", format);
          assertDone(await cosignVerify(sandbox, way, `${name}.pub`, [image]), way.name);
        }
      }
    },
  );

  peerTest(
    `of ours none is lost where cosign signs at the same time: ${kind.name}`,
    [...kind.peers, "cosign1", "cosign3", "crane"],
    async (context) => {
      const setting = await openSetting(context, kind.name, "cosign1");
      const { sandbox } = setting;
      const ours = await makeKeys(sandbox, "ours", 4);
      const theirs = await makeKeys(sandbox, "theirs", 4);
      for (const format of SIGNATURE_FORMATS) {
        const image = await setting.push(`team/${format}:1`);
        const { signFlags } = cosignWay("cosign3", format);
        await Promise.all([
          ...ours.map((name) => sign(sandbox, name, format, image)),
          // Of these some are lost to one another, and on distribution some fail.
          ...theirs.map((name) =>
            cosign(sandbox, "cosign3", ["sign", ...signFlags, "--key", `${name}.key`, image])
          ),
        ]);
        for (const name of ours) {
          const words = ["verify", "--key", sandbox.path(`${name}.pub`), image];
          assertDone(await runHere(sandbox, words), `${name}, ${format}`);
        }
      }
    },
  );
}

/** Something that others wait for. */
function openGate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  return { open, opened };
}

const TAG = "/manifests/sha256-";

for (const format of SIGNATURE_FORMATS) {
  const way = cosignWay("cosign3", format);

  peerTest(
    `a signature that cosign overwrites is put back beside cosign's (${format})`,
    ["refregistry", "cosign1", "cosign3", "crane"],
    async (context) => {
      const setting = await openSetting(context, "refregistry", "cosign1");
      const { sandbox, address, kind, key, otherKey } = setting;
      const digest = await digestOfTag(sandbox, await setting.push("app:1"));
      const [theirs, ours] = [
        await startProxy(context, address),
        await startProxy(context, address),
      ];
      // Cosign has read the tag and is about to write it: it waits until we have written.
      const [aboutToWrite, weHaveWritten] = [openGate(), openGate()];
      theirs.failing(async (line) => {
        if (!line.startsWith("PUT") || !line.includes(TAG)) return undefined;
        aboutToWrite.open();
        await weHaveWritten.opened;
        return undefined;
      });
      const cosigned = cosignSign(sandbox, way, otherKey, [`${theirs.address}/app:1`]);
      await aboutToWrite.opened;
      let written = false;
      ours.failing(async (line) => {
        if (!line.includes(TAG)) return undefined;
        if (line.startsWith("PUT")) written = true;
        else if (written) {
          weHaveWritten.open();
          await cosigned;
        }
        return undefined;
      });
      const words = ["sign", "--key", key, "--format", format, `${ours.address}/app:1`];
      assertDone(await runHere(sandbox, words), "sign");
      const stored = await countSignatures(sandbox, kind, `${address}/app`, digest);
      assert.equal(stored[format], 2);
    },
  );

  peerTest(
    `what cosign writes while we are about to write is kept (${format})`,
    ["refregistry", "cosign1", "cosign3", "crane"],
    async (context) => {
      const setting = await openSetting(context, "refregistry", "cosign1");
      const { sandbox, address, kind, key, otherKey } = setting;
      const image = await setting.push("app:1");
      const ours = await startProxy(context, address);
      let cosigned: Promise<void> | undefined;
      ours.failing(async (line) => {
        if (!line.startsWith("HEAD") || !line.includes(TAG)) return undefined;
        await (cosigned ??= cosignSign(sandbox, way, otherKey, [image]));
        return undefined;
      });
      const words = ["sign", "--key", key, "--format", format, `${ours.address}/app:1`];
      assertDone(await runHere(sandbox, words), "sign");
      assert(cosigned !== undefined, "we have asked once more before we wrote");
      const digest = await digestOfTag(sandbox, image);
      const stored = await countSignatures(sandbox, kind, `${address}/app`, digest);
      assert.equal(stored[format], 2);
    },
  );
}
