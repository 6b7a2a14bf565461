/** What each cosign attests, sigfleet verifies; what sigfleet attests, each cosign verifies. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { crane, pushImage } from "./support/content.ts";
import {
  cosign,
  COSIGN_WAYS,
  cosignKeyPair,
  COSIGNS,
  cosignSign,
  type CosignWay,
  cosignWay,
  EMPTY_ROOT,
} from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import { runHere } from "./support/run_here.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";
import { openSetting } from "./support/setting.ts";
import { assertDone } from "./support/sigfleet.ts";

async function theirs(
  sandbox: Sandbox,
  { peer, verifyFlags }: CosignWay,
  words: readonly string[],
) {
  await sandbox.write(
    EMPTY_ROOT,
    '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
  );
  return await cosign(sandbox, peer, ["verify-attestation", ...verifyFlags, ...words]);
}

/** cosign 1 wants its own payload type, which nobody else writes. */
const readsOurs = ({ peer }: CosignWay): boolean => peer !== "cosign1";

for (const kind of ["refregistry", "refregistry with referrers"]) {
  peerTest(
    `attestations by each cosign verify, and ours verify with each (${kind})`,
    ["crane", "refregistry", ...COSIGNS],
    async (context) => {
      const sandbox = await openSandbox(context);
      const { address } = await startRegistry(context, registryKind(kind), sandbox);
      const predicate = await sandbox.write("predicate.json", '{"a":"<x>&","n":1.50}');
      for (const peer of COSIGNS) await cosignKeyPair(sandbox, peer);
      for (const [index, way] of COSIGN_WAYS.entries()) {
        const key = sandbox.path(`${way.peer}.key`);
        const publicKey = sandbox.path(`${way.peer}.pub`);
        const image = `${address}/att/v${index}:1`;
        await pushImage(sandbox, image);
        const made = await cosign(sandbox, way.peer, [
          "attest",
          ...way.signFlags,
          "--key",
          key,
          "--predicate",
          predicate,
          "--type",
          "custom",
          image,
        ]);
        assertDone(made, `${way.name} attest`);
        const good = await runHere(sandbox, ["verify-attestation", "--key", publicKey, image]);
        assert.equal(good.code, 0, `${way.name}: ${good.stderr}`);
        assert.match(good.stdout, /^\{.*\}\n$/u);
        const other = ["--key", publicKey, "--type", "spdxjson", image];
        assert.equal((await runHere(sandbox, ["verify-attestation", ...other])).code, 1);
        assert.equal((await runHere(sandbox, ["verify", "--key", publicKey, image])).code, 10);

        if (!readsOurs(way)) continue;
        const type = ["--type", "cyclonedx"];
        const add = ["--key", key, ...type, "--predicate", predicate, "--format", way.format];
        const ourImage = `${address}/att/ours${index}:1`;
        await pushImage(sandbox, ourImage);
        const added = await runHere(sandbox, ["attest", ...add, ourImage]);
        assert.equal(added.code, 0, added.stderr);
        const words = ["--key", publicKey, ...type, ourImage];
        const accepted = await theirs(sandbox, way, words);
        assertDone(accepted, `${way.name} verify-attestation`);
        const again = await runHere(sandbox, ["verify-attestation", ...words]);
        assert.equal(again.code, 0, again.stderr);
        if (way.peer !== "cosign3") continue;
        assert.equal(again.stdout, accepted.stdout);
        const downloaded = await cosign(sandbox, way.peer, ["download", "attestation", ourImage]);
        const same = await runHere(sandbox, ["download", "attestation", ourImage]);
        assert.equal(same.stdout, downloaded.stdout);
      }
    },
  );
}

/** Types with the files of which cosign makes another predicate than what stands in them. */
const FILES: Readonly<Record<string, string>> = {
  spdx: "SPDXVersion: <2.3>\n",
  spdxjson: '{"spdxVersion":"SPDX-2.3","b":1.50,"a":12345678901234567890}',
  cyclonedx: '{"bomFormat":"CycloneDX","x":"<&>"}',
  openvex: '{"é":1,"z":1e21,"B":[null,true]}',
  slsaprovenance: '{"builder":{"id":"b","more":1},"metadata":{"reproducible":false,' +
    '"buildStartedOn":"2020-01-01T02:00:00.500+02:00"},"materials":[{"digest":{"b":"1","a":"2"}}]}',
  slsaprovenance1:
    '{"buildDefinition":{"buildType":"t","externalParameters":{"z":{"b":1,"a":2}}},' +
    '"runDetails":{"metadata":{"invocationID":"i"},"builder":{"id":"b","version":{}}}}',
  link: '{"_type":"link","name":"n","materials":{},"products":{"p":{"sha256":"x"}},' +
    '"byproducts":null,"command":[],"environment":{},"more":1}',
  vuln:
    '{"scanner":{"uri":"s","result":[1.50]},"metadata":{"scanStartedOn":"2020-01-01T00:00:00Z"}}',
  "https://example.com/x/v1": '{"b":1,"a":{"d":1,"c":2}}',
};

/** What `--type` names, and the predicate type that stands for it. */
const TYPES: Readonly<Record<string, string>> = {
  custom: "https://cosign.sigstore.dev/attestation/v1",
  spdx: "https://spdx.dev/Document",
  spdxjson: "https://spdx.dev/Document",
  cyclonedx: "https://cyclonedx.org/bom",
  openvex: "https://openvex.dev/ns",
  slsaprovenance: "https://slsa.dev/provenance/v0.2",
  slsaprovenance02: "https://slsa.dev/provenance/v0.2",
  slsaprovenance1: "https://slsa.dev/provenance/v1",
  link: "https://in-toto.io/Link/v1",
  vuln: "https://cosign.sigstore.dev/attestation/vuln/v1",
};

for (const format of ["bundle", "legacy"] as const) {
  peerTest(
    `what either attests the other verifies, by the type's name and by its URI (${format})`,
    ["refregistry", "crane", "cosign3"],
    async (context) => {
      const setting = await openSetting(context, "refregistry with referrers");
      const { sandbox, key, publicKey } = setting;
      const way = cosignWay("cosign3", format);
      for (const [name, uri] of Object.entries(TYPES)) {
        // Each on an image of its own, so that no other type stands in.
        const [made, own] = [
          await setting.push(`theirs/${name}:1`),
          await setting.push(`ours/${name}:1`),
        ];
        const text = FILES[name === "slsaprovenance02" ? "slsaprovenance" : name] ?? "text";
        const words = [
          "--key",
          key,
          "--type",
          name,
          "--predicate",
          await sandbox.write("file", text),
        ];
        const attest = ["attest", ...way.signFlags, ...words, made];
        assertDone(await cosign(sandbox, "cosign3", attest), name);
        assertDone(await runHere(sandbox, ["attest", "--format", format, ...words, own]), name);
        for (const type of [name, uri]) {
          const asked = ["--key", publicKey, "--type", type];
          const verified = await runHere(sandbox, ["verify-attestation", ...asked, made]);
          assertDone(verified, `${type} of ${made}`);
          const accepted = await theirs(sandbox, way, [...asked, own]);
          const same = await runHere(sandbox, ["verify-attestation", ...asked, own]);
          assertDone(same, `${type} of ${own}`);
          if (name === "spdx") {
            const refused = await theirs(sandbox, way, [...asked, made]);
            const message = "cosign: cannot read the text that it attests as spdx";
            assert.deepEqual([refused.code, accepted.code], [1, 1], message);
            continue;
          }
          assertDone(accepted, `${type} of ${own}`);
          assert.equal(same.stdout, accepted.stdout);
        }
      }
    },
  );
}

peerTest(
  "statements are those of cosign 3, byte for byte",
  ["crane", "cosign3"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, registryKind("crane registry serve"), sandbox);
    const image = `${address}/team/app:1`;
    await pushImage(sandbox, image);
    await cosignKeyPair(sandbox, "cosign3");
    const [way] = COSIGN_WAYS;
    const payloadOf = async (file: string): Promise<string> => {
      const { dsseEnvelope } = JSON.parse(await readFile(sandbox.path(file), "utf8")) as {
        readonly dsseEnvelope: { readonly payload: string };
      };
      return atob(dsseEnvelope.payload);
    };
    for (const [type, text] of Object.entries(FILES)) {
      const predicate = await sandbox.write("predicate", text);
      const words = [
        "--key",
        sandbox.path("cosign3.key"),
        "--type",
        type,
        "--predicate",
        predicate,
      ];
      const out = (file: string) => ["--no-upload", "--bundle", sandbox.path(file), image];
      const made = await cosign(sandbox, "cosign3", [
        "attest",
        ...way!.signFlags,
        ...words,
        ...out("theirs"),
      ]);
      assertDone(made, `cosign attest --type ${type}`);
      const same = await runHere(sandbox, ["attest", ...words, ...out("ours")]);
      assert.equal(same.code, 0, same.stderr);
      assert.equal(await payloadOf("ours"), await payloadOf("theirs"), type);
    }
  },
);

peerTest(
  "what is downloaded can be attached to the image elsewhere, by either program",
  ["crane", "cosign3"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, registryKind("crane registry serve"), sandbox);
    const predicate = await sandbox.write("predicate", "text");
    await cosignKeyPair(sandbox, "cosign3");
    const key = sandbox.path("cosign3.key");
    const publicKey = sandbox.path("cosign3.pub");
    for (const way of COSIGN_WAYS.filter(({ peer }) => peer === "cosign3")) {
      const image = `${address}/from/${way.format}:1`;
      const copy = `${address}/to/${way.format}:1`;
      await pushImage(sandbox, image);
      await cosign(sandbox, "cosign3", [
        "attest",
        ...way.signFlags,
        "--key",
        key,
        "--predicate",
        predicate,
        image,
      ]);
      const file = "attestation.json";
      const got = await runHere(sandbox, ["download", "attestation", image]);
      assert.equal(got.code, 0, got.stderr);
      await sandbox.write(file, got.stdout);
      await cosignSign(sandbox, way, key, [image]);
      const signature = await runHere(sandbox, ["download", "signature", image]);
      const { Payload, Base64Signature } = JSON.parse(signature.stdout) as Record<string, string>;
      await sandbox.write("payload", way.format === "legacy" ? atob(Payload!) : signature.stdout);
      await sandbox.write("signature", Base64Signature ?? "");

      await crane(sandbox, ["copy", image, copy]);
      for (let time = 0; time < 2; time++) {
        const words = ["--attestation", sandbox.path(file), copy];
        const attached = await runHere(sandbox, ["attach", "attestation", ...words]);
        assert.equal(attached.code, 0, attached.stderr);
        const sig = way.format === "legacy" ? ["--signature", sandbox.path("signature")] : [];
        const put = ["--payload", sandbox.path("payload"), ...sig, copy];
        const stored = await runHere(sandbox, ["attach", "signature", ...put]);
        assert.equal(stored.code, 0, stored.stderr);
      }
      assertDone(await theirs(sandbox, way, ["--key", publicKey, copy]), way.name);
      const verified = await runHere(sandbox, ["verify", "--key", publicKey, copy]);
      assert.equal(verified.code, 0, verified.stderr);
      const lines = (await runHere(sandbox, ["download", "attestation", copy])).stdout.trim().split(
        "\n",
      );
      assert.equal(lines.length, 1, "attached twice, stored once");

      // · cosign attaches no bundle.
      if (way.format !== "legacy") continue;
      const theirCopy = `${address}/their/copy:1`;
      await crane(sandbox, ["copy", image, theirCopy]);
      const attach = [
        ["attestation", "--attestation", sandbox.path(file)],
        [
          "signature",
          "--payload",
          sandbox.path("payload"),
          "--signature",
          sandbox.path("signature"),
        ],
      ];
      for (const words of attach) {
        assertDone(await cosign(sandbox, "cosign3", ["attach", ...words, theirCopy]), words[0]!);
      }
      for (const task of ["verify", "verify-attestation"]) {
        assertDone(await runHere(sandbox, [task, "--key", publicKey, theirCopy]), task);
      }
    }
  },
);
