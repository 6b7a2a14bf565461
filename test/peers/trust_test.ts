/** Trusted roots, signing configs, TUF and old bundles, beside cosign's own commands. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { encodeText } from "../../lib/base/bytes.ts";
import { createTufMirror } from "../support/tuf_mirror.ts";
import { cosign, cosignKeyPair } from "./support/cosign.ts";
import { openSandbox } from "./support/sandbox.ts";
import { assertDone, sigfleet } from "./support/sigfleet.ts";
import { sigstoreTest } from "./support/sigstore.ts";
import { ALICE, ALICE_FLAGS, URLS } from "./support/sigstore_folder.ts";

const SINCE = "start-time=2026-01-01T00:00:00Z";

sigstoreTest(
  "trusted-root create and signing-config create write what cosign writes",
  ["cosign3"],
  async (t, { file }) => {
    const sandbox = await openSandbox(t);
    const chain = (name: string): string => `certificate-chain=${file(`${name}_chain.pem`)}`;
    const log = (name: string): string => `public-key=${file(`${name}.pub`)},${SINCE}`;
    const service = (url: string, version: number): string =>
      `url=${url},api-version=${version},${SINCE},operator=test`;
    const cases = [
      ["trusted-root", "create", `--fulcio=url=https://a.test,${chain("fulcio")},${SINCE}`],
      ["trusted-root", "create", `--fulcio=url=https://a.test,${chain("fulcio")}`],
      ["trusted-root", "create", `--tsa=url=https://a.test,${chain("tsa")}`],
      ["trusted-root", "create", `--ctfe=url=https://a.test,${log("ctfe")}`],
      [
        "trusted-root",
        "create",
        `--rekor=url=https://a.test,${log("rekor2")},origin=a.test,end-time=2027-01-01T00:00:00Z`,
      ],
      ["trusted-root", "create"],
      ["signing-config", "create"],
      [
        "signing-config",
        "create",
        ...[
          "--fulcio",
          service("https://a.test", 1),
          "--oidc-provider",
          service("https://b.test", 1),
        ],
        ...["--rekor", service("https://c.test", 2), "--rekor-config", "EXACT:1"],
        ...["--tsa", `${service("https://d.test", 1)},end-time=2027-01-01T00:00:00Z`],
        ...["--tsa-config", "any"],
      ],
    ];
    for (const words of cases) {
      const theirs = await cosign(sandbox, "cosign3", words);
      const ours = await sigfleet(sandbox, words);
      assertDone(theirs, words.join(" "));
      assertDone(ours, words.join(" "));
      assert.equal(ours.stdout, theirs.stdout, words.join(" "));
    }
  },
);

sigstoreTest(
  "bundle create makes of old bundles what cosign verifies",
  ["cosign3", "cosign2"],
  async (t, sigstore) => {
    const sandbox = await openSandbox(t);
    await sandbox.write("file", "content\n");
    await sandbox.write("predicate.json", "{}");
    const token = await sandbox.write("alice.jwt", await sigstore.token(ALICE));
    const sign = ["--identity-token", token, "--fulcio-url", URLS.fulcio];
    const log = ["--rekor-url", URLS.rekor1];
    const env = { ...sandbox.env, ...sigstore.rootFiles };
    const theirs = await cosign({ ...sandbox, env }, "cosign2", [
      "sign-blob",
      ...sign,
      ...log,
      ...["-y", "--bundle", "theirs.json", "file"],
    ]);
    assertDone(theirs, "cosign2 sign-blob");
    const old = ["--new-bundle-format=false", "--bundle"];
    const ours = ["sign-blob", ...sign, ...log, ...old, "ours.json", "file"];
    assertDone(await sigfleet(sandbox, ours), "sign-blob");
    for (const bundle of ["theirs.json", "ours.json"]) {
      const words = ["--artifact", "file", "--bundle", bundle, ...log, "--out", "new.json"];
      assertDone(await sigfleet(sandbox, ["bundle", "create", ...words]), "bundle create");
      const verify = ["verify-blob", "--bundle", "new.json", ...ALICE_FLAGS];
      const root = ["--trusted-root", sigstore.trustedRoot, "file"];
      assertDone(await cosign(sandbox, "cosign3", [...verify, ...root]), "cosign verify-blob");
    }
    const type = ["--type", "spdxjson"];
    const attest = ["attest-blob", ...sign, ...log, ...type, "--predicate", "predicate.json"];
    assertDone(await sigfleet(sandbox, [...attest, ...old, "att.json", "file"]), "attest-blob");
    const words = ["--artifact", "file", "--bundle", "att.json", ...log, "--out", "new.json"];
    assertDone(await sigfleet(sandbox, ["bundle", "create", ...words]), "bundle create");
    assertDone(
      await cosign(sandbox, "cosign3", [
        "verify-blob-attestation",
        ...["--bundle", "new.json", ...type, ...ALICE_FLAGS],
        ...["--trusted-root", sigstore.trustedRoot, "file"],
      ]),
      "cosign verify-blob-attestation",
    );
  },
);

sigstoreTest(
  "bundle create finds the entry of a signature by a key",
  ["cosign3"],
  async (t, sigstore) => {
    const sandbox = await openSandbox(t);
    await sandbox.write("file", "content\n");
    await cosignKeyPair(sandbox, "cosign3");
    const log = ["--rekor-url", URLS.rekor1];
    const key = ["--key", "cosign3.key"];
    const sign = ["sign-blob", ...key, ...log, "--output-signature", "file.sig", "file"];
    assertDone(await sigfleet(sandbox, sign), "sign-blob");
    const pub = ["--key", "cosign3.pub"];
    const parts = ["--artifact", "file", "--signature", "file.sig", ...pub, "--out", "new.json"];
    assertDone(await sigfleet(sandbox, ["bundle", "create", ...parts, ...log]), "bundle create");
    const verify = ["verify-blob", "--bundle", "new.json", ...pub];
    const root = ["--trusted-root", sigstore.trustedRoot, "file"];
    assertDone(await cosign(sandbox, "cosign3", [...verify, ...root]), "cosign verify-blob");
    // Of another file there is no entry.
    await sandbox.write("other", "other\n");
    const none = ["--artifact", "other", "--signature", "file.sig", ...pub, ...log];
    const { code, stdout } = await sigfleet(sandbox, ["bundle", "create", ...none]);
    assert.deepEqual([code, stdout], [1, ""]);
  },
);

sigstoreTest(
  "bundle upgrade fetches the proof that an old bundle lacks",
  ["cosign3"],
  async (t, sigstore) => {
    const sandbox = await openSandbox(t);
    await sandbox.write("file", "content\n");
    const token = await sandbox.write("alice.jwt", await sigstore.token(ALICE));
    const log = ["--rekor-url", URLS.rekor1];
    const sign = ["--identity-token", token, "--fulcio-url", URLS.fulcio, ...log];
    const words = ["sign-blob", ...sign, "--bundle", "new.json", "file"];
    assertDone(await sigfleet(sandbox, words), "sign-blob");
    // As version 0.1 had it: a chain of certificates, and a promise without a proof.
    interface Json {
      verificationMaterial: {
        certificate?: unknown;
        x509CertificateChain?: unknown;
        tlogEntries: { inclusionProof?: unknown }[];
      };
      mediaType: string;
    }
    const json = JSON.parse(await readFile(sandbox.path("new.json"), "utf8")) as Json;
    const { certificate, ...material } = json.verificationMaterial;
    json.verificationMaterial = {
      x509CertificateChain: { certificates: [certificate] },
      ...material,
    };
    delete json.verificationMaterial.tlogEntries[0]!.inclusionProof;
    json.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1";
    await sandbox.write("old.json", JSON.stringify(json));
    const upgrade = ["bundle", "upgrade", ...log, "--out"];
    assertDone(await sigfleet(sandbox, [...upgrade, "ours.json", "old.json"]), "bundle upgrade");
    assertDone(
      await cosign(sandbox, "cosign3", [...upgrade, "theirs.json", "old.json"]),
      "cosign bundle upgrade",
    );
    const read = async (name: string): Promise<unknown> => {
      const text = await readFile(sandbox.path(name), "utf8");
      // The log signs anew for each answer.
      return JSON.parse(text.replace(/"(?:signedEntryTimestamp|envelope)":"[^"]*"/gu, '"x":0'));
    };
    assert.deepEqual(await read("ours.json"), await read("theirs.json"));
    const verify = ["verify-blob", "--bundle", "ours.json", ...ALICE_FLAGS];
    const root = ["--trusted-root", sigstore.trustedRoot, "file"];
    assertDone(await cosign(sandbox, "cosign3", [...verify, ...root]), "cosign verify-blob");
  },
);

sigstoreTest(
  "a TUF mirror of one's own names services and roots, to us and to cosign",
  ["cosign3"],
  async (t, sigstore) => {
    const sandbox = await openSandbox(t);
    await sandbox.write("file", "content\n");
    const mirror = createTufMirror({
      targets: {
        "trusted_root.json": await readFile(sigstore.trustedRoot),
        "signing_config.v0.2.json": await readFile(sigstore.signingConfig(2)),
        "unrelated.json": encodeText("{}"),
      },
    });
    const server = createServer((request, response) => {
      const body = mirror.files.get((request.url ?? "/").slice(1));
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    await sandbox.write("root.json", new TextDecoder().decode(mirror.root));
    const { TUF_MIRROR: _, ...env } = sandbox.env;
    const home = { ...sandbox, env };
    const from = ["--mirror", `http://127.0.0.1:${port}`, "--root", "root.json"];
    assertDone(await sigfleet(home, ["initialize", ...from]), "initialize");
    const token = await sandbox.write("alice.jwt", await sigstore.token(ALICE));
    const signed = await sigfleet(home, [
      "sign-blob",
      ...["--identity-token", token, "--bundle", "bundle.json", "file"],
    ]);
    assertDone(signed, "sign-blob");
    assert.match(signed.stderr, /1 certificates, 1 log entries, 1 timestamps/u);
    const root = await sigfleet(home, [
      "trusted-root",
      "create",
      "--with-default-services",
      "--offline",
    ]);
    assertDone(root, "trusted-root create");
    assert.deepEqual(
      JSON.parse(root.stdout),
      JSON.parse(await readFile(sigstore.trustedRoot, "utf8")),
    );
    const verify = ["verify-blob", "--bundle", "bundle.json", ...ALICE_FLAGS, "file"];
    assertDone(await cosign(home, "cosign3", ["initialize", ...from]), "cosign initialize");
    assertDone(await cosign(home, "cosign3", verify), "cosign verify-blob");
    // The root comes from the mirror, and then from what was kept of it.
    assertDone(await sigfleet(home, verify), "verify-blob");
    server.closeAllConnections();
    server.close();
    assertDone(await sigfleet(home, [...verify, "--offline"]), "verify-blob --offline");
    assert.equal((await sigfleet(home, verify)).code, 1);
  },
);
