/** The ways in which cosign's versions sign and verify files with a key, without any service. */

import { copyFile } from "node:fs/promises";
import { fixturePath } from "../../support/fixtures.ts";
import { cosign, type CosignWay, EMPTY_ROOT } from "./cosign.ts";
import type { Finished } from "./run_program.ts";
import type { Sandbox } from "./sandbox.ts";
import { assertDone } from "./sigfleet.ts";

/** One version of cosign writing a file's signature in one form. */
export interface BlobWay {
  readonly name: string;
  readonly peer: CosignWay["peer"];
  /** Flags that name where the signature goes; the file's name follows. */
  readonly signFlags: readonly string[];
  /** Flags that name where it is; the file's name follows. */
  readonly verifyFlags: readonly string[];
  /** Our flags for the same, and how we write it. */
  readonly ours: { readonly sign: readonly string[]; readonly verify: string };
}

const NO_LOG = ["--tlog-upload=false", "-y"];
const IGNORE_LOG = "--insecure-ignore-tlog";
const BUNDLE = { sign: ["--bundle"], verify: "--bundle" };
const DETACHED = { sign: ["--output-signature"], verify: "--signature" };

/** All of them, newest first. */
export const BLOB_WAYS: readonly BlobWay[] = [
  {
    name: "cosign 3.1.3 (bundle)",
    peer: "cosign3",
    signFlags: ["--use-signing-config=false", ...NO_LOG, "--bundle"],
    verifyFlags: [IGNORE_LOG, "--bundle"],
    ours: BUNDLE,
  },
  {
    name: "cosign 3.1.3 (signature)",
    peer: "cosign3",
    signFlags: [
      "--use-signing-config=false",
      ...NO_LOG,
      "--new-bundle-format=false",
      "--output-signature",
    ],
    verifyFlags: [IGNORE_LOG, "--new-bundle-format=false", "--signature"],
    ours: DETACHED,
  },
  {
    name: "cosign 2.6.1 (bundle)",
    peer: "cosign2",
    signFlags: [...NO_LOG, "--new-bundle-format", "--bundle"],
    verifyFlags: [IGNORE_LOG, "--new-bundle-format", "--trusted-root", EMPTY_ROOT, "--bundle"],
    ours: BUNDLE,
  },
  {
    name: "cosign 2.6.1 (old bundle)",
    peer: "cosign2",
    signFlags: [...NO_LOG, "--bundle"],
    verifyFlags: [IGNORE_LOG, "--bundle"],
    ours: { sign: ["--new-bundle-format=false", "--bundle"], verify: "--bundle" },
  },
  {
    name: "cosign 2.6.1 (signature)",
    peer: "cosign2",
    signFlags: [...NO_LOG, "--output-signature"],
    verifyFlags: [IGNORE_LOG, "--signature"],
    ours: DETACHED,
  },
  {
    name: "cosign 1.3.1 (signature)",
    peer: "cosign1",
    signFlags: ["--output"],
    verifyFlags: ["--signature"],
    ours: DETACHED,
  },
];

/** A kind of key, and the hash that cosign signs over with it. */
export interface BlobKey {
  readonly name: string;
  readonly hash: "sha256" | "sha384" | "sha512";
}

/** Every kind that cosign imports. Ed25519 has a hash of its own, and takes any name for it. */
export const BLOB_KEYS: readonly BlobKey[] = [
  { name: "imported-p256", hash: "sha256" },
  { name: "rsa2048", hash: "sha256" },
  { name: "p384", hash: "sha384" },
  { name: "p521", hash: "sha512" },
  { name: "ed25519", hash: "sha256" },
];

/** Have cosign import a key: `name.key` and `name.pub` in the sandbox. */
export async function importKey(sandbox: Sandbox, name: string): Promise<void> {
  const plain = sandbox.path(`${name}.pem`);
  await copyFile(fixturePath(`keys/${name}.plain.pem`), plain);
  const words = ["import-key-pair", "--key", plain, "--output-key-prefix", name, "-y"];
  assertDone(await cosign(sandbox, "cosign3", words), `import ${name}`);
}

/** Write a trusted root that trusts nothing, as {@link BLOB_WAYS} need it. */
export async function writeEmptyRoot(sandbox: Sandbox): Promise<void> {
  const mediaType = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
  await sandbox.write(EMPTY_ROOT, JSON.stringify({ mediaType }));
}

/** Have cosign sign a file; the signature goes to `found`. */
export async function cosignSignBlob(
  sandbox: Sandbox,
  { peer, signFlags }: BlobWay,
  key: string,
  file: string,
  found: string,
): Promise<Finished> {
  return await cosign(sandbox, peer, [
    "sign-blob",
    "--key",
    `${key}.key`,
    ...signFlags,
    found,
    file,
  ]);
}

/** Have cosign verify a file; over a hash if that is named. */
export async function cosignVerifyBlob(
  sandbox: Sandbox,
  { peer, verifyFlags }: BlobWay,
  { name, hash }: { readonly name: string; readonly hash?: string },
  file: string,
  found: string,
): Promise<Finished> {
  const over = hash === undefined || peer === "cosign1"
    ? []
    : ["--signature-digest-algorithm", hash];
  const words = ["--key", `${name}.pub`, ...over, ...verifyFlags, found, file];
  return await cosign(sandbox, peer, ["verify-blob", ...words]);
}
