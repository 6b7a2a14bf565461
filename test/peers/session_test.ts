/** The classic session of cosign 1.3.1, run beside the real one, each on a registry of its own. */

import assert from "node:assert/strict";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crane, pushImage } from "./support/content.ts";
import { cosign, COSIGN_WAYS, cosignVerify } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import type { Finished } from "./support/run_program.ts";
import { openSandbox } from "./support/sandbox.ts";
import { assertDone, sigfleet } from "./support/sigfleet.ts";

const KIND = registryKind("crane registry serve");

/** Where the two differ on purpose: lines that only one of them prints, and exit codes. */
interface Difference {
  readonly why: string;
  /** Lines of standard error. */
  readonly ours?: RegExp;
  readonly theirs?: RegExp;
  /** Ours, then theirs; without, both are 0. */
  readonly codes?: readonly [number, number];
}

const DIFFERENCES = {
  sign: {
    why: "says what is signed, since a tag may name another image than is meant",
    ours: /^WARNING: .* is a tag|^Pushing signature to: |: signed \(legacy\)$/u,
  },
  verify: {
    why: "names the checks that were done: there was no certificate, and no log was asked",
    ours: /^transparency log: not checked$/u,
    theirs: /^ {2}- Any certificates were verified against the Fulcio roots\.$/u,
  },
  unsigned: {
    why: "has the exit codes of cosign 2 and later, names the image, and is told once",
    ours: /^Error: \S+: no signatures found: /u,
    theirs: /^Error: no matching signatures:$|main\.go:46: |^$/u,
    codes: [10, 1],
  },
  missing: {
    why: "has the exit codes of cosign 2 and later, and is told once",
    ours: /^Error: \S+: image tag not found: /u,
    theirs: /NAME_UNKNOWN/u,
    codes: [11, 1],
  },
} satisfies Readonly<Record<string, Difference>>;

/** A step: what is typed, what only we are told in addition, and how the outcomes differ. */
interface Step {
  readonly words: readonly string[];
  readonly differs?: keyof typeof DIFFERENCES;
  readonly more?: readonly string[];
}

/** cosign 1.3.1 knows no bundles. */
const LEGACY = ["--format", "legacy"];

const TEST = "REGISTRY/mzali/test";
const BLOB = "REGISTRY/mzali/artefact-blob";
const KEY = ["--key", "cosign.key"];
const PUBLIC_KEY = ["--key", "cosign.pub"];

const STEPS: readonly Step[] = [
  { words: ["generate-key-pair"] },
  { words: ["sign", ...KEY, TEST], more: LEGACY, differs: "sign" },
  { words: ["triangulate", TEST] },
  { words: ["triangulate", `mzali/test@sha256:${"22810633b8cbd878".repeat(4)}`] },
  { words: ["verify", ...PUBLIC_KEY, TEST], differs: "verify" },
  // Without the flag the manifest is the one that cosign 3 writes.
  { words: ["upload", "blob", "-f", "artefact-blob", BLOB], more: ["--compat", "1.3"] },
  { words: ["sign", ...KEY, BLOB], more: LEGACY, differs: "sign" },
  { words: ["verify", ...PUBLIC_KEY, BLOB], differs: "verify" },
  { words: ["sign-blob", ...KEY, "artefact-blob"] },
  {
    words: ["verify-blob", ...PUBLIC_KEY, "--signature", "artefact.sig", "artefact-blob"],
    differs: "verify",
  },
  { words: ["verify", ...PUBLIC_KEY, "REGISTRY/mzali/unsigned"], differs: "unsigned" },
  { words: ["verify", ...PUBLIC_KEY, "REGISTRY/mzali/missing"], differs: "missing" },
];

/** What each step prints in the session that was recorded; streams are compared with the real one. */
const RECORDED: Readonly<Record<string, string>> = {
  "generate-key-pair": "Private key written to cosign.key\nPublic key written to cosign.pub\n",
  "upload blob": "REGISTRY/mzali/artefact-blob@" +
    "sha256:25ca0d9c2f4e70ce3bfba7891065dfef09760d2cbace7a2d21fb13c569902133\n",
};

function without(text: string, lines: RegExp | undefined): string {
  return text.split("\n").filter((line) => lines?.test(line) !== true).join("\n");
}

peerTest(
  "the whole session prints what cosign 1.3.1 prints, but for what is named here",
  ["crane", "cosign1"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const open = async (name: string) => {
      const { address } = await startRegistry(context, KIND, sandbox);
      await mkdir(sandbox.path(name));
      await writeFile(join(sandbox.path(name), "artefact-blob"), "my test artefact\n");
      // A name, so that the images' names are those of the session.
      return { folder: sandbox.path(name), registry: address.replace("127.0.0.1", "localhost") };
    };
    const [theirs, ours] = [await open("theirs"), await open("ours")];
    for (const name of ["test", "unsigned"]) {
      const image = `${theirs.registry}/mzali/${name}:latest`;
      await pushImage(sandbox, image);
      await crane(sandbox, ["copy", image, `${ours.registry}/mzali/${name}:latest`]);
    }
    const named = ({ stdout, stderr, ...rest }: Finished, registry: string): Finished => ({
      ...rest,
      stdout: stdout.replaceAll(registry, "REGISTRY"),
      stderr: stderr.replaceAll(registry, "REGISTRY"),
    });
    const runTheirs = async (words: readonly string[], { registry } = theirs) => {
      const own = words.map((word) => word.replace("REGISTRY", registry));
      return named(await cosign(sandbox, "cosign1", own, theirs.folder), registry);
    };
    const runOurs = async (words: readonly string[], { registry } = ours) => {
      const own = words.map((word) => word.replace("REGISTRY", registry));
      return named(await sigfleet(sandbox, own, { cwd: ours.folder }), registry);
    };

    for (const { words, differs, more = [] } of STEPS) {
      const difference: Difference | undefined = differs && DIFFERENCES[differs];
      const [theirDone, ourDone] = [await runTheirs(words), await runOurs([...words, ...more])];
      const title = words.join(" ");
      assert.deepEqual(
        [ourDone.code, theirDone.code],
        difference?.codes ?? [0, 0],
        `${title}: ${ourDone.stderr}${theirDone.stderr}`,
      );
      const ourLines = without(ourDone.stderr, difference?.ours);
      const theirLines = without(theirDone.stderr, difference?.theirs);
      // The lines that theirs ends an error with are all of them.
      assert.equal(ourLines.trim(), theirLines.trim(), title);
      if (words[0] === "sign-blob") {
        for (const { stdout } of [ourDone, theirDone]) {
          assert.match(stdout, /^MEU?[\w+/]+={0,2}\n$/u);
        }
        await writeFile(join(ours.folder, "artefact.sig"), theirDone.stdout);
        await writeFile(join(theirs.folder, "artefact.sig"), ourDone.stdout);
      } else assert.equal(ourDone.stdout, theirDone.stdout, title);
      for (const [step, text] of Object.entries(RECORDED)) {
        if (title.startsWith(step)) {
          assert.equal(`${ourDone.stdout}${ourLines}`.includes(text), true);
        }
      }
      if (words[0] !== "generate-key-pair") continue;
      // cosign 1.3.1 opens no newer key than its own.
      for (const file of ["cosign.key", "cosign.pub"]) {
        await copyFile(join(theirs.folder, file), join(ours.folder, file));
      }
    }

    // And each verifies what the other has signed.
    for (const image of [TEST, BLOB]) {
      const words = ["verify", ...PUBLIC_KEY, image];
      const [first, second] = [await runTheirs(words, ours), await runOurs(words, theirs)];
      assertDone(first, `cosign verify ${image}`);
      assertDone(second, `verify ${image}`);
      assert.equal(second.stdout, first.stdout);
    }
  },
);

peerTest("version says which program it is, in cosign's form", ["cosign1"], async (context) => {
  const sandbox = await openSandbox(context);
  const [theirs, ours] = [
    await cosign(sandbox, "cosign1", ["version"]),
    await sigfleet(sandbox, ["version"]),
  ];
  for (const { code, stdout, stderr } of [theirs, ours]) {
    assert.deepEqual([code, stderr], [0, ""]);
    for (const field of [/^GitVersion: {4}\S+$/mu, /^Platform: {6}linux\/\S+$/mu]) {
      assert.match(stdout, field);
    }
  }
});

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
