/** Annotations, signed and asked for. */

import assert from "node:assert/strict";
import { digestOfTag, fetchReferrers, manifestAt, pushImage } from "./support/content.ts";
import {
  COSIGN_WAYS,
  cosignKeyPair,
  COSIGNS,
  cosignSign,
  cosignVerify,
  type CosignWay,
  cosignWay,
} from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import { runHere } from "./support/run_here.ts";
import { openSandbox } from "./support/sandbox.ts";
import { openSetting } from "./support/setting.ts";
import { assertDone, sigfleet, verifyFleet } from "./support/sigfleet.ts";

const KIND = registryKind("refregistry");

/** cosign 2.6.1 leaves annotations out of bundles, and says of any that they were verified. */
function signsAnnotations({ peer, format }: CosignWay): boolean {
  return peer !== "cosign2" || format !== "bundle";
}

peerTest(
  "annotations are signed and asked for as cosign does, in both formats",
  ["refregistry", ...COSIGNS, "crane"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, KIND, sandbox);
    await cosignKeyPair(sandbox, "cosign1");
    for (const [index, way] of COSIGN_WAYS.filter(signsAnnotations).entries()) {
      const theirs = `${address}/theirs${index}:1`;
      const ours = `${address}/ours${index}:1`;
      for (const image of [theirs, ours]) await pushImage(sandbox, image);
      // Older ones take no value with an equals sign.
      const text = way.peer === "cosign3" ? "a=b <&> é\u2028" : "<&> é\u2028";
      const annotations = ["-a", "env=prod", "-a", `text=${text}`, "-a", '"list=x,y"'];
      await cosignSign(sandbox, way, "cosign1.key", [...annotations, theirs]);
      const sign = ["sign", "--key", "cosign1.key", "--format", way.format, ...annotations, ours];
      assertDone(await sigfleet(sandbox, sign), way.name);
      for (const image of [theirs, ours]) {
        const asked = [...annotations, image];
        const cosigns = await cosignVerify(sandbox, way, "cosign1.pub", asked);
        assertDone(cosigns, `${way.name}: ${image}`);
        const verified = await sigfleet(sandbox, ["verify", "--key", "cosign1.pub", ...asked]);
        assertDone(verified, `${way.name}: ${image}`);
        assert.equal(verified.stdout, cosigns.stdout, `${way.name}: ${image}`);
        assert.match(verified.stderr, /The specified annotations were verified/u);
      }
      const wrong = ["--key", "cosign1.pub", "-a", "env=test", theirs];
      assert.equal((await sigfleet(sandbox, ["verify", ...wrong])).code, 12);
    }
  },
);

peerTest(
  "what is signed with annotations is what cosign 3 signs, byte for byte",
  ["refregistry", "cosign3", "crane"],
  async (context) => {
    const setting = await openSetting(context, "refregistry with referrers");
    const { sandbox, key, otherKey } = setting;
    const image = await setting.push("app:1");
    const repository = image.replace(/:1$/u, "");
    const values = [
      "env=prod",
      "text=a=b <&> é \u2028",
      '"list=x,y"',
      '"quote=a ""b"""',
      "10=x",
      "9=",
    ];
    const annotations = values
      .flatMap((annotation) => ["-a", annotation]);
    for (const format of ["bundle", "legacy"] as const) {
      await cosignSign(sandbox, cosignWay("cosign3", format), key, [...annotations, image]);
      const sign = ["sign", "--key", otherKey, "--format", format, ...annotations, image];
      assertDone(await runHere(sandbox, sign), format);
    }
    const digest = await digestOfTag(sandbox, image);
    const payloads = (await fetchReferrers(repository, digest)).map(({ blob }) =>
      (JSON.parse(blob) as { dsseEnvelope: { payload: string } }).dsseEnvelope.payload
    );
    assert.deepEqual([payloads.length, new Set(payloads).size], [2, 1]);
    const legacy = await manifestAt(sandbox, `${repository}:${digest.replace(":", "-")}.sig`);
    const layers = (legacy?.layers as readonly { readonly digest: string }[]).map((layer) =>
      layer.digest
    );
    assert.deepEqual([layers.length, new Set(layers).size], [2, 1]);
  },
);

peerTest(
  "annotations that cosign 2.6.1 left out of a bundle are not taken for signed",
  ["refregistry", ...COSIGNS, "crane"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, KIND, sandbox);
    await cosignKeyPair(sandbox, "cosign2");
    const image = `${address}/app:1`;
    await pushImage(sandbox, image);
    const way = COSIGN_WAYS.find((one) => !signsAnnotations(one))!;
    await cosignSign(sandbox, way, "cosign2.key", ["-a", "env=prod", image]);
    const asked = ["-a", "env=anything", image];
    assertDone(await cosignVerify(sandbox, way, "cosign2.pub", asked), way.name);
    const report = await verifyFleet(sandbox, ["--key", "cosign2.pub", "-a", "env=prod", image]);
    assert.equal(report.code, 1, report.stdout);
    assert.equal(report.images[0]!.reasons[0]!.code, "annotation-mismatch");
    assert.equal((await verifyFleet(sandbox, ["--key", "cosign2.pub", image])).code, 0);
  },
);
