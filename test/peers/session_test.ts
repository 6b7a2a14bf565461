/** The classic session of cosign 1.3.1, run beside the real one. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { mkdir } from "node:fs/promises";
import { digestOfTag, pushImage } from "./support/content.ts";
import { cosign, COSIGN_WAYS, cosignVerify } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import { openSandbox } from "./support/sandbox.ts";
import { assertDone, sigfleet } from "./support/sigfleet.ts";

const KIND = registryKind("crane registry serve");

peerTest(
  "generate-key-pair, sign, triangulate and verify print what cosign 1.3.1 prints",
  ["crane", "cosign1"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, KIND, sandbox);
    // A name without tag is "latest", as in the session.
    const registry = address.replace("127.0.0.1", "localhost");
    const image = `${registry}/mzali/test`;
    await pushImage(sandbox, `${image}:latest`);
    const digest = await digestOfTag(sandbox, image);
    for (const folder of ["ours", "theirs"]) await mkdir(sandbox.path(folder));

    const both = async (...args: string[]) => ({
      ours: await sigfleet(sandbox, args, { cwd: sandbox.path("ours") }),
      theirs: await cosign(sandbox, "cosign1", args, sandbox.path("theirs")),
    });

    const made = await both("generate-key-pair");
    assert.deepEqual(made.ours, made.theirs);
    assert.equal(
      made.ours.stderr,
      [
        "Private key written to cosign.key",
        "Public key written to cosign.pub",
        "",
      ].join("\n"),
    );

    // Each signs with a key that cosign 1.3.1 made: it opens no newer ones.
    const key = sandbox.path("theirs/cosign.key");
    const signedByThem = await cosign(sandbox, "cosign1", ["sign", "--key", key, image]);
    const theirName = await both("triangulate", image);
    assert.deepEqual(theirName.ours, theirName.theirs);
    assert.equal(theirName.ours.stdout, `${image}:${digest.replace(":", "-")}.sig\n`);
    assert.equal(signedByThem.stdout, "");
    const hub = `mzali/test@${digest}`;
    const hubName = await both("triangulate", hub);
    assert.deepEqual(hubName.ours, hubName.theirs);
    assert.match(hubName.ours.stdout, /^index\.docker\.io\/mzali\/test:sha256-/u);

    const ourImage = `${registry}/mzali/ours`;
    await pushImage(sandbox, `${ourImage}:latest`);
    const sign = ["sign", "--format", "legacy", "--key", key, ourImage];
    const signedByUs = await sigfleet(sandbox, sign);
    assertDone(signedByUs, "sign");
    assert.equal(signedByUs.stdout, "");

    const publicKey = await readFile(sandbox.path("theirs/cosign.pub"), "utf8");
    for (const folder of ["ours", "theirs"]) await sandbox.write(`${folder}/verify.pub`, publicKey);
    for (const name of [image, ourImage, `${image}@${digest}`]) {
      const { ours, theirs } = await both("verify", "--key", "verify.pub", name);
      assertDone(ours, "verify");
      assertDone(theirs, "cosign verify");
      assert.equal(ours.stdout, theirs.stdout);
      // cosign 1.3.1 also claims "Any certificates were verified", which it did not do.
      const theirLines = theirs.stderr.split("\n").filter((line) => !line.includes("Fulcio"));
      const ourLines = ours.stderr.split("\n").filter((line) => !line.includes("transparency"));
      assert.deepEqual(ourLines, theirLines);
      assert.match(ours.stderr, /transparency log: not checked/u);
    }

    const unsigned = `${registry}/mzali/unsigned`;
    await pushImage(sandbox, `${unsigned}:latest`);
    for (const name of [unsigned, `${registry}/mzali/missing`]) {
      const { ours, theirs } = await both("verify", "--key", "verify.pub", name);
      assert.notEqual(ours.code, 0);
      assert.equal(theirs.code, 1);
      assert.equal(ours.stdout, theirs.stdout);
    }
  },
);

peerTest(
  "verify prints the JSON that cosign 3.1.3 prints, in both formats",
  ["crane", "cosign3"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, KIND, sandbox);
    assertDone(await sigfleet(sandbox, ["generate-key-pair"]), "generate-key-pair");
    for (const way of COSIGN_WAYS.filter(({ peer }) => peer === "cosign3")) {
      const image = `${address}/mzali/${way.format}:latest`;
      await pushImage(sandbox, image);
      const sign = ["sign", "--key", "cosign.key", "--format", way.format, image];
      assertDone(await sigfleet(sandbox, sign), way.name);
      const theirs = await cosignVerify(sandbox, way, "cosign.pub", [image]);
      const ours = await sigfleet(sandbox, ["verify", "--key", "cosign.pub", image]);
      assertDone(theirs, way.name);
      assertDone(ours, way.name);
      assert.equal(ours.stdout, theirs.stdout);
    }
  },
);
