/** Commands of cosign's that only read or write a little, byte for byte beside cosign 3.1.3. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { digestOfTag, pushImage } from "./support/content.ts";
import { cosign } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import { openSandbox } from "./support/sandbox.ts";
import { assertDone, sigfleet } from "./support/sigfleet.ts";

peerTest(
  "generate, upload wasm and download sbom do what cosign 3.1.3 does",
  ["crane", "cosign3"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const registry = await startRegistry(context, registryKind("crane registry serve"), sandbox);
    const image = `${registry.address}/team/app:1.0`;
    await pushImage(sandbox, image);
    for (const flags of [[], ["-a", "env=prod", "-a", "html=<&>é"]]) {
      const theirs = await cosign(sandbox, "cosign3", ["generate", ...flags, image]);
      const ours = await sigfleet(sandbox, ["generate", ...flags, image]);
      assertDone(ours, "generate");
      assert.equal(ours.stdout, theirs.stdout);
    }

    await writeFile(sandbox.path("filter.wasm"), new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    const [wasm, own] = ["wasm", "own"].map((name) => `${registry.address}/team/${name}:1.0`);
    assertDone(
      await cosign(sandbox, "cosign3", ["upload", "wasm", "-f", "filter.wasm", wasm!]),
      "cosign upload wasm",
    );
    const uploaded = await sigfleet(sandbox, ["upload", "wasm", "-f", "filter.wasm", own!]);
    assertDone(uploaded, "upload wasm");
    assert.equal(uploaded.stdout, "");
    assert.equal(await digestOfTag(sandbox, own!), await digestOfTag(sandbox, wasm!));

    const none = await sigfleet(sandbox, ["download", "sbom", image]);
    assert.deepEqual([none.code, none.stdout], [1, ""]);
    await writeFile(sandbox.path("sbom.json"), '{"spdxVersion":"SPDX-2.3"}\n');
    const attach = ["attach", "sbom", "--sbom", "sbom.json", "--input-format", "json", image];
    assertDone(await cosign(sandbox, "cosign3", attach), "cosign attach sbom");
    const theirs = await cosign(sandbox, "cosign3", ["download", "sbom", image]);
    const ours = await sigfleet(sandbox, ["download", "sbom", image]);
    assertDone(ours, "download sbom");
    assert.equal(ours.stdout, theirs.stdout);
    assert.match(ours.stderr, /Found SBOM of media type: text\/spdx\+json\n$/u);
  },
);

peerTest(
  "--output-file, --timeout and --verbose stand behind each task, as with cosign 3.1.3",
  ["crane", "cosign3"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const registry = await startRegistry(context, registryKind("crane registry serve"), sandbox);
    const image = `${registry.address}/team/app:1.0`;
    await pushImage(sandbox, image);
    const words = (file: string) => ["triangulate", image, "--output-file", file, "-t", "1m"];
    assertDone(await cosign(sandbox, "cosign3", words("theirs")), "cosign triangulate");
    const ours = await sigfleet(sandbox, [...words("ours"), "--verbose"]);
    assertDone(ours, "triangulate");
    assert.equal(ours.stdout, "");
    assert.match(ours.stderr, /^HEAD http:\/\/.*\/manifests\/1\.0: 200 \(\d+ ms\)$/mu);
    assert.equal(
      await readFile(sandbox.path("ours"), "utf8"),
      await readFile(sandbox.path("theirs"), "utf8"),
    );
  },
);
