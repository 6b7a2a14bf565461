/** Keys of every kind that cosign imports, in its hands and in ours. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { pushImage } from "./support/content.ts";
import { cosign, COSIGN_WAYS, cosignSign, cosignVerify, cosignWay } from "./support/cosign.ts";
import { peerPath, peerTest } from "./support/peers.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import { runHere } from "./support/run_here.ts";
import { runProgram } from "./support/run_program.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";
import { assertDone } from "./support/sigfleet.ts";

const KIND = registryKind("refregistry");

/** How openssl makes a key of each kind, in the encodings that there are of it. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  "P-256, SEC1": ["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
  "P-256": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  "P-384": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
  "P-384, SEC1": ["ecparam", "-name", "secp384r1", "-genkey", "-noout"],
  "P-521": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
  "RSA 2048": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  "RSA 2048, PKCS#1": ["genrsa", "-traditional", "2048"],
  "RSA 3072": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
  "RSA 4096": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
  "Ed25519": ["genpkey", "-algorithm", "ed25519"],
  "RSA 1024": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
  "secp256k1": ["ecparam", "-name", "secp256k1", "-genkey", "-noout"],
};

/** Those that everybody refuses. */
const REFUSED = ["RSA 1024", "secp256k1"];

async function openssl(sandbox: Sandbox, args: readonly string[], input = ""): Promise<string> {
  const done = await runProgram(peerPath("openssl"), args, {
    env: sandbox.env,
    cwd: sandbox.folder,
    input,
  });
  assertDone(done, `openssl ${args[0]}`);
  return done.stdout;
}

/** Write a private key of a kind in PEM, and give the name of the file. */
async function makePem(sandbox: Sandbox, kind: string): Promise<string> {
  return await sandbox.write("private.pem", await openssl(sandbox, KEYS[kind]!));
}

/** What imports a private key as `PREFIX.key` and `PREFIX.pub`. */
const IMPORTERS = {
  cosign3: (sandbox: Sandbox, args: readonly string[]) => cosign(sandbox, "cosign3", args),
  cosign2: (sandbox: Sandbox, args: readonly string[]) => cosign(sandbox, "cosign2", args),
  ours: (sandbox: Sandbox, args: readonly string[]) => runHere(sandbox, args),
};

for (const kind of Object.keys(KEYS).filter((kind) => !REFUSED.includes(kind))) {
  peerTest(
    `a key that one program has imported can be read by the others: ${kind}`,
    ["cosign2", "cosign3", "openssl"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const pem = await makePem(sandbox, kind);
      const expected = await openssl(sandbox, ["pkey", "-in", pem, "-pubout"]);
      for (const [name, run] of Object.entries(IMPORTERS)) {
        const prefix = sandbox.path(name);
        const imported = await run(sandbox, ["import-key-pair", "-y", "-k", pem, "-o", prefix]);
        assertDone(imported, `${name} import-key-pair`);
        assert.equal(await readFile(`${prefix}.pub`, "utf8"), expected, name);
      }
      for (const [reader, owner] of [["ours", "cosign3"], ["cosign3", "ours"]] as const) {
        const words = ["public-key", "--key", sandbox.path(`${owner}.key`)];
        const { stdout } = await IMPORTERS[reader](sandbox, words);
        assert.equal(stdout, expected, `${reader} reads what ${owner} imported`);
      }
    },
  );
}

peerTest(
  "RSA of 1024 bits and secp256k1 are refused, as cosign refuses them",
  ["cosign2", "cosign3", "openssl"],
  async (context) => {
    const sandbox = await openSandbox(context);
    for (const kind of REFUSED) {
      const words = ["import-key-pair", "-y", "-k", await makePem(sandbox, kind), "-o"];
      for (const [name, run] of Object.entries(IMPORTERS)) {
        const { code, stderr } = await run(sandbox, [...words, sandbox.path(name)]);
        assert.equal(code, name === "ours" ? 2 : 1, `${name}: ${kind}: ${stderr}`);
        await assert.rejects(readFile(sandbox.path(`${name}.key`)), { code: "ENOENT" });
      }
      const asPublic = sandbox.path("refused.pub");
      await writeFile(asPublic, await openssl(sandbox, ["pkey", "-in", "private.pem", "-pubout"]));
      const verified = await runHere(sandbox, ["verify", "--key", asPublic, "127.0.0.1:1/no/such"]);
      assert.equal(verified.code, 2, verified.stderr);
    }
  },
);

/** Flags with which cosign verifies with a key of a kind; by default it takes all for P-256 or RSA. */
const COSIGN_FLAGS: Readonly<Record<string, readonly string[] | undefined>> = {
  "P-256": [],
  "P-384": ["--signature-digest-algorithm", "sha384"],
  "P-521": ["--signature-digest-algorithm", "sha512"],
  "RSA 2048": [],
  "RSA 3072": [],
  "RSA 4096": [],
  "Ed25519": undefined,
};

const WAYS = COSIGN_WAYS.filter(({ peer }) => peer !== "cosign1");

for (const [kind, flags] of Object.entries(COSIGN_FLAGS)) {
  peerTest(
    `14: what anybody signs with ${kind} is verified here, and by cosign where it can`,
    ["refregistry", "cosign2", "cosign3", "crane", "openssl"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const { address } = await startRegistry(context, KIND, sandbox);
      const pem = await makePem(sandbox, kind);
      const words = ["import-key-pair", "-y", "-k", pem, "-o", "imported"];
      assertDone(await cosign(sandbox, "cosign3", words), kind);
      const [key, publicKey] = [sandbox.path("imported.key"), sandbox.path("imported.pub")];
      for (const format of ["bundle", "legacy"] as const) {
        const ways = WAYS.filter((way) => way.format === format);
        for (const signer of [...ways, undefined]) {
          const name = signer?.name ?? `ours (${format})`;
          const image = `${address}/${name.replaceAll(/[^a-z0-9]/gu, "")}:1`;
          await pushImage(sandbox, image);
          if (signer !== undefined) await cosignSign(sandbox, signer, key, [image]);
          else {
            const sign = ["sign", "--key", key, "--format", format, image];
            assertDone(await runHere(sandbox, sign), name);
          }
          assertDone(await runHere(sandbox, ["verify", "--key", publicKey, image]), name);
          for (const way of ways) {
            const message = `${name}, verified by ${way.name}`;
            const { code } = await cosignVerify(sandbox, way, publicKey, [image]);
            const refused = format === "bundle" ? 1 : 12;
            assert.equal(code, flags?.length === 0 ? 0 : refused, `cosign: ${message}`);
            if (flags === undefined) continue;
            const told = await cosignVerify(sandbox, way, publicKey, [...flags, image]);
            assertDone(told, message);
          }
        }
      }
    },
  );
}

peerTest(
  "signatures as cosign by default wants them of such keys are verified as well",
  ["refregistry", "cosign3", "crane", "openssl"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, KIND, sandbox);
    const way = cosignWay("cosign3", "legacy");
    for (const kind of ["P-384", "P-521", "Ed25519"]) {
      const pem = await makePem(sandbox, kind);
      const publicKey = sandbox.path("public.pem");
      await writeFile(publicKey, await openssl(sandbox, ["pkey", "-in", pem, "-pubout"]));
      const image = `${address}/${kind.toLowerCase()}:1`;
      await pushImage(sandbox, image);
      const { stdout } = await cosign(sandbox, "cosign3", ["generate", image]);
      const payload = await sandbox.write("payload", stdout);
      // SHA-256, or Ed25519 without the hash that makes it Ed25519ph.
      const sign = kind === "Ed25519"
        ? ["pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", payload]
        : ["dgst", "-sha256", "-sign", pem];
      await openssl(sandbox, [
        ...sign,
        "-out",
        "signature.raw",
        ...(kind === "Ed25519" ? [] : [payload]),
      ]);
      const signature = await sandbox.write(
        "signature",
        (await readFile(sandbox.path("signature.raw"))).toString("base64"),
      );
      const attach = ["attach", "signature", "--payload", payload, "--signature", signature, image];
      assertDone(await cosign(sandbox, "cosign3", attach), kind);
      assertDone(await cosignVerify(sandbox, way, publicKey, [image]), kind);
      assertDone(await runHere(sandbox, ["verify", "--key", publicKey, image]), kind);
    }
  },
);
