/** Files that each cosign signed, sigfleet verifies; what sigfleet signed, each cosign verifies. */

import assert from "node:assert/strict";
import { appendFile, copyFile, readFile } from "node:fs/promises";
import type { ImageRecord } from "../../lib/report/record.ts";
import { task as attestBlob } from "../../scripts/attest_blob.ts";
import { task as signBlob } from "../../scripts/sign_blob.ts";
import { task as signFiles } from "../../scripts/sign_files.ts";
import { task as verifyBlob } from "../../scripts/verify_blob.ts";
import { task as verifyBlobAttestation } from "../../scripts/verify_blob_attestation.ts";
import { task as verifyFiles } from "../../scripts/verify_files.ts";
import { writeTree } from "../support/file_tree.ts";
import {
  BLOB_KEYS,
  BLOB_WAYS,
  type BlobWay,
  cosignSignBlob,
  cosignVerifyBlob,
  importKey,
  writeEmptyRoot,
} from "./support/blobs.ts";
import { cosign, cosignKeyPair, COSIGNS, EMPTY_ROOT } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { runProgram } from "./support/run_program.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";
import { assertDone, ours } from "./support/sigfleet.ts";

/** Ours, with the names of files made whole. */
async function verifyOurs(
  sandbox: Sandbox,
  { ours: { verify } }: BlobWay,
  key: string,
  file: string,
  found: string,
): Promise<number | null> {
  const words = ["--key", sandbox.path(`${key}.pub`), verify, sandbox.path(found)];
  return (await ours(sandbox, verifyBlob, [...words, sandbox.path(file)])).code;
}

async function signOurs(
  sandbox: Sandbox,
  { ours: { sign } }: BlobWay,
  key: string,
  file: string,
  found: string,
): Promise<void> {
  const words = ["--key", sandbox.path(`${key}.key`), ...sign, sandbox.path(found)];
  const signed = await ours(sandbox, signBlob, [...words, sandbox.path(file)]);
  assertDone(signed, `sign-blob with ${key}`);
}

for (const { name, hash } of BLOB_KEYS) {
  peerTest(
    `files signed with ${name} verify with each other program, in every form`,
    COSIGNS,
    async (context) => {
      const sandbox = await openSandbox(context);
      await importKey(sandbox, name);
      await importKey(sandbox, "p256-sec1");
      await writeEmptyRoot(sandbox);
      for (const file of ["file", "other"]) await sandbox.write(file, `${file}\n`);
      const isEd25519 = name === "ed25519";

      for (const [index, way] of BLOB_WAYS.entries()) {
        const mine = `ours-${index}`;
        await signOurs(sandbox, way, name, "file", mine);
        assert.equal(await verifyOurs(sandbox, way, name, "file", mine), 0, way.name);
        const verified = await cosignVerifyBlob(sandbox, way, { name, hash }, "file", mine);
        // cosign 1.3.1 knows no hash but SHA-256.
        const knows = way.peer !== "cosign1" || hash === "sha256";
        assert.equal(verified.code, knows ? 0 : 1, `${way.name}: ${verified.stderr}`);
        const other = await cosignVerifyBlob(sandbox, way, { name, hash }, "other", mine);
        assert.equal(other.code, 1, way.name);
        // Not told of the hash, cosign does not verify what it signs by default with such a key.
        const untold = await cosignVerifyBlob(sandbox, way, { name }, "file", mine);
        assert.equal(untold.code, hash === "sha256" ? 0 : 1, way.name);

        // It reads no key but its own, which is tried below.
        if (way.peer === "cosign1") continue;
        const theirs = `theirs-${index}`;
        const signed = await cosignSignBlob(sandbox, way, name, "file", theirs);
        if (isEd25519 && way.peer === "cosign2") {
          assert.equal(signed.code, 2, `${way.name} panics`);
          assert.match(signed.stderr, /^panic: /mu);
          continue;
        }
        assertDone(signed, `${way.name} sign-blob`);
        assert.equal(await verifyOurs(sandbox, way, name, "file", theirs), 0, way.name);
        assert.equal(await verifyOurs(sandbox, way, name, "other", theirs), 1, way.name);
        assert.equal(await verifyOurs(sandbox, way, "p256-sec1", "file", theirs), 1, way.name);
        const own = await cosignVerifyBlob(sandbox, way, { name, hash }, "file", theirs);
        // cosign 3 does not verify its own bundle with such a key: it names no digest in it.
        const lost = isEd25519 && way.ours.verify === "--bundle";
        assert.equal(own.code, lost ? 1 : 0, `${way.name}: ${own.stderr}`);
      }
    },
  );
}

for (const peer of COSIGNS) {
  peerTest(
    `files signed with a key pair that ${peer} made verify with all programs`,
    COSIGNS,
    async (context) => {
      const sandbox = await openSandbox(context);
      await cosignKeyPair(sandbox, peer);
      await writeEmptyRoot(sandbox);
      await sandbox.write("file", "my test artefact\n");
      // As what it prints, and as what it writes into a file.
      const [way] = BLOB_WAYS.filter((one) =>
        one.peer === peer && one.ours.verify === "--signature"
      );
      const signed = await cosignSignBlob(sandbox, way!, peer, "file", "theirs");
      assertDone(signed, way!.name);
      await signOurs(sandbox, way!, peer, "file", "ours");
      for (const verifier of BLOB_WAYS.filter((one) => one.ours.verify === "--signature")) {
        for (const found of ["theirs", "ours"]) {
          const { code, stderr } = await cosignVerifyBlob(
            sandbox,
            verifier,
            { name: peer },
            "file",
            found,
          );
          assert.equal(code, 0, `${verifier.name} of ${found}: ${stderr}`);
          assert.equal(await verifyOurs(sandbox, verifier, peer, "file", found), 0);
        }
      }
    },
  );
}

peerTest("a digest stands for a file, as far as the key signs it", ["cosign3"], async (context) => {
  const sandbox = await openSandbox(context);
  const [way] = BLOB_WAYS;
  await sandbox.write("file", "my test artefact\n");
  const digest = "sha256:fe86c72fcb5951a71af9d8033c30320c2509f9898b2bf3d45793e89696bb8d6b";
  const wrong = `sha256:${"0".repeat(64)}`;
  for (const [name, expected] of [["imported-p256", 0], ["rsa2048", 0], ["p384", 1]] as const) {
    await importKey(sandbox, name);
    const signed = await cosignSignBlob(sandbox, way!, name, "file", name);
    assertDone(signed, way!.name);
    const words = ["--key", sandbox.path(`${name}.pub`), "--bundle", sandbox.path(name)];
    for (const [subject, code] of [[digest, expected], [wrong, 1]] as const) {
      const theirs = await cosignVerifyBlob(sandbox, way!, { name }, subject, name);
      const mine = await ours(sandbox, verifyBlob, [...words, subject]);
      assert.deepEqual([theirs.code, mine.code], [code, code], `${name} ${subject}`);
    }
  }
});

peerTest(
  "exit codes are cosign's, but for a wrong command line, and for an attestation",
  ["cosign3"],
  async (context) => {
    const sandbox = await openSandbox(context);
    for (const name of ["imported-p256", "p256-sec1"]) await importKey(sandbox, name);
    await writeTree(sandbox.folder, { "file": "1", "other": "2", "broken": "{", "empty": "" });
    const [way] = BLOB_WAYS;
    const key = "imported-p256";
    assertDone(await cosignSignBlob(sandbox, way!, key, "file", "signature"), way!.name);
    const predicate = await sandbox.write("predicate", '{"a":1}');
    const attested = await cosign(sandbox, "cosign3", [
      ...["attest-blob", "--key", `${key}.key`, "--use-signing-config=false"],
      ...["--tlog-upload=false", "-y", "--type", "custom", "--predicate", predicate],
      ...["--bundle", "attestation", "file"],
    ]);
    assertDone(attested, "attest-blob");

    const cases = [
      // key, bundle, file, cosign's code, ours
      [key, "signature", "file", 0, 0],
      [key, "signature", "other", 1, 1],
      ["p256-sec1", "signature", "file", 1, 1],
      [key, "broken", "file", 1, 1],
      [key, "empty", "file", 1, 1],
      [key, "none", "file", 1, 2],
      [key, "signature", "none", 1, 2],
      ["none", "signature", "file", 1, 2],
      // Whoever may attest something of a file has not signed it.
      [key, "attestation", "file", 0, 1],
    ] as const;
    for (const [name, found, file, theirs, mine] of cases) {
      const what = `${name} ${found} ${file}`;
      const cosigns = await cosignVerifyBlob(sandbox, way!, { name }, file, found);
      assert.equal(cosigns.code, theirs, what);
      assert.equal(await verifyOurs(sandbox, way!, name, file, found), mine, what);
    }
    const options = ["--key", sandbox.path(`${key}.pub`), "--bundle", sandbox.path("signature")];
    const file = sandbox.path("file");
    const unattested = await cosign(sandbox, "cosign3", [
      ...["verify-blob-attestation", "--insecure-ignore-tlog", ...options, file],
    ]);
    const mine = await ours(sandbox, verifyBlobAttestation, [...options, file]);
    assert.deepEqual([unattested.code, mine.code], [1, 1]);
  },
);

/** How cosign attests something of a file, and verifies that; cosign 1.3.1 has no such commands. */
const ATTESTING = [
  {
    name: "cosign 3.1.3 (bundle)",
    peer: "cosign3",
    sign: ["--use-signing-config=false", "--tlog-upload=false", "-y", "--bundle"],
    verify: ["--bundle"],
    ours: { sign: "--bundle", verify: "--bundle" },
  },
  {
    name: "cosign 2.6.1 (bundle)",
    peer: "cosign2",
    sign: ["--tlog-upload=false", "-y", "--new-bundle-format", "--bundle"],
    verify: ["--new-bundle-format", "--trusted-root", EMPTY_ROOT, "--bundle"],
    ours: { sign: "--bundle", verify: "--bundle" },
  },
  {
    name: "cosign 2.6.1 (envelope)",
    peer: "cosign2",
    sign: ["--tlog-upload=false", "-y", "--output-signature"],
    verify: ["--signature"],
    ours: { sign: "--output-signature", verify: "--signature" },
  },
] as const;

/** The statement in a bundle or an envelope. */
async function statementIn(sandbox: Sandbox, found: string): Promise<string> {
  const text = await readFile(sandbox.path(found), "utf8");
  const parsed = JSON.parse(text) as {
    readonly payload?: string;
    readonly dsseEnvelope?: { readonly payload: string };
  };
  return atob(parsed.dsseEnvelope?.payload ?? parsed.payload ?? "");
}

for (const { name, hash } of BLOB_KEYS) {
  peerTest(
    `what is attested of files with ${name} verifies with each other program`,
    ["cosign2", "cosign3"],
    async (context) => {
      const sandbox = await openSandbox(context);
      await importKey(sandbox, name);
      await writeEmptyRoot(sandbox);
      await writeTree(sandbox.folder, { "file": "1", "other": "2" });
      const predicate = await sandbox.write("predicate", '{"b":1.50,"a":"<&>"}');
      const about = ["--type", "https://example.com/x/v1", "--predicate", predicate];
      const type = about.slice(0, 2);
      for (const [index, way] of ATTESTING.entries()) {
        const [theirs, mine] = [`theirs-${index}`, `ours-${index}`];
        const key = ["--key", sandbox.path(`${name}.key`)];
        const publicKey = ["--key", sandbox.path(`${name}.pub`)];
        const made = await cosign(sandbox, way.peer, [
          ...["attest-blob", ...key, ...about, ...way.sign, theirs, "file"],
        ]);
        assertDone(made, `${way.name} attest-blob`);
        const out = [way.ours.sign, sandbox.path(mine), sandbox.path("file")];
        assertDone(await ours(sandbox, attestBlob, [...key, ...about, ...out]), "attest-blob");
        const [said, stated] = [
          await statementIn(sandbox, theirs),
          await statementIn(sandbox, mine),
        ];
        // cosign 2.6.1 writes the same in another order.
        if (way.peer === "cosign3") assert.equal(stated, said);
        assert.deepEqual(JSON.parse(stated), JSON.parse(said));

        for (const found of [theirs, mine]) {
          const where = [way.ours.verify, sandbox.path(found)];
          for (const [file, code] of [["file", 0], ["other", 1]] as const) {
            const verified = await ours(sandbox, verifyBlobAttestation, [
              ...[...publicKey, ...type, ...where, sandbox.path(file)],
            ]);
            assert.equal(verified.code, code, `${way.name} ${found} ${file}: ${verified.stderr}`);
          }
          const checked = await cosign(sandbox, way.peer, [
            ...["verify-blob-attestation", "--insecure-ignore-tlog", ...publicKey, ...type],
            ...["--signature-digest-algorithm", hash, ...way.verify, found, "file"],
          ]);
          // cosign attests with Ed25519ph, and verifies Ed25519.
          const expected = name === "ed25519" ? 1 : 0;
          assert.equal(checked.code, expected, `${way.name} ${found}: ${checked.stderr}`);
        }
      }
    },
  );
}

peerTest(
  "what sign-files signs cosign verifies file by file, and sha256sum its lock file",
  ["cosign2", "cosign3"],
  async (context) => {
    const tree = { "dist/a.tgz": "a", "dist/b/c d.tgz": "c", "dist/empty": "" };
    for (const { name, hash } of BLOB_KEYS.filter((key) => !key.name.startsWith("rsa"))) {
      const sandbox = await openSandbox(context);
      await importKey(sandbox, name);
      await writeEmptyRoot(sandbox);
      await writeTree(sandbox.folder, tree);
      const signed = await ours(sandbox, signFiles, [
        ...["--key", sandbox.path(`${name}.key`), "--lock", sandbox.path("dist/SHA256SUMS")],
        ...["--sign-lock", sandbox.path("dist")],
      ]);
      assertDone(signed, "sign-files");
      for (const way of BLOB_WAYS.filter((one) => one.name.endsWith("(bundle)"))) {
        for (const file of [...Object.keys(tree), "dist/SHA256SUMS"]) {
          const { code, stderr } = await cosignVerifyBlob(
            sandbox,
            way,
            { name, hash },
            file,
            `${file}.sigstore.json`,
          );
          assert.equal(code, 0, `${way.name} ${name} ${file}: ${stderr}`);
        }
      }
      const summed = await runProgram("sha256sum", ["--check", "--strict", "SHA256SUMS"], {
        env: sandbox.env,
        cwd: sandbox.path("dist"),
      });
      assert.deepEqual(summed.stdout, "a.tgz: OK\nb/c d.tgz: OK\nempty: OK\n");
    }
  },
);

peerTest(
  "verify-files verifies what each cosign left beside files, and tells what else is there",
  ["cosign2", "cosign3"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const key = "imported-p256";
    await importKey(sandbox, key);
    await importKey(sandbox, "p384");
    const expected: Record<string, string> = {
      "attested": "failed attestation-only",
      "by-another": "failed signature-mismatch",
      "changed": "failed signature-mismatch",
      "unsigned": "unsigned no-signature",
    };
    for (const [index, { name, ours: { verify } }] of BLOB_WAYS.entries()) {
      if (verify === "--bundle") expected[`way-${index} ${name}`] = "verified";
    }
    for (const file of Object.keys(expected)) {
      await writeTree(sandbox.folder, { [`files/${file}`]: file });
    }
    const signWith = async (way: BlobWay, name: string, file: string): Promise<void> => {
      const path = `files/${file}`;
      const signed = await cosignSignBlob(sandbox, way, name, path, `${path}.sigstore.json`);
      assertDone(signed, way.name);
    };
    const [first] = BLOB_WAYS;
    for (const [index, way] of BLOB_WAYS.entries()) {
      if (way.ours.verify === "--bundle") await signWith(way, key, `way-${index} ${way.name}`);
    }
    await signWith(first!, key, "changed");
    await appendFile(sandbox.path("files/changed"), "!");
    await signWith(first!, "p384", "by-another");
    const predicate = await sandbox.write("predicate", "{}");
    const attested = await cosign(sandbox, "cosign3", [
      ...["attest-blob", "--key", `${key}.key`, "--use-signing-config=false"],
      ...["--tlog-upload=false", "-y", "--predicate", predicate],
      ...["--bundle", "files/attested.sigstore.json", "files/attested"],
    ]);
    assertDone(attested, "attest-blob");

    const words = ["--key", sandbox.path(`${key}.pub`), "--output", "json"];
    const { code, stdout } = await ours(sandbox, verifyFiles, [...words, sandbox.path("files")]);
    const { images } = JSON.parse(stdout) as { readonly images: readonly ImageRecord[] };
    const found = images.map(({ image, verdict, reasons }) => [
      image.slice(sandbox.path("files/").length),
      [verdict, ...reasons.map((reason) => reason.code)].join(" "),
    ]);
    assert.deepEqual(Object.fromEntries(found), expected);
    assert.equal(code, 1);

    // sign-files leaves cosign's bundles by the same key, and no other is overwritten.
    const before = await readFile(sandbox.path("files/by-another.sigstore.json"), "utf8");
    await copyFile(sandbox.path("files/unsigned"), sandbox.path("files/new"));
    const signed = await ours(sandbox, signFiles, [
      ...["--key", sandbox.path(`${key}.key`), sandbox.path("files")],
    ]);
    assert.equal(signed.code, 3);
    assert.match(signed.stdout, /: 2 signed, 3 already signed, 3 failed · /u);
    assert.equal(await readFile(sandbox.path("files/by-another.sigstore.json"), "utf8"), before);
  },
);
