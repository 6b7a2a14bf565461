/** The ways in which cosign's versions sign and verify with a key, without any service. */

import { mkdtemp, rename } from "node:fs/promises";
import { join } from "node:path";
import type { SignatureFormat } from "../../../lib/signature/signature_format.ts";
import { type Peer, peerPath } from "./peers.ts";
import { type Finished, runProgram } from "./run_program.ts";
import type { Sandbox } from "./sandbox.ts";
import { assertDone } from "./sigfleet.ts";

/** One version of cosign writing one format. */
export interface CosignWay {
  readonly name: string;
  readonly peer: Extract<Peer, `cosign${number}`>;
  readonly format: SignatureFormat;
  readonly signFlags: readonly string[];
  readonly verifyFlags: readonly string[];
}

/** A trusted root that trusts nothing: cosign 2.6.1 reads bundles only where it has one. */
export const EMPTY_ROOT = "empty_root.json";

const IGNORE_LOG = ["--insecure-ignore-tlog"];
const NO_LOG = ["--tlog-upload=false", "-y"];

/** All of them, newest first. */
export const COSIGN_WAYS: readonly CosignWay[] = [
  {
    name: "cosign 3.1.3 (bundle)",
    peer: "cosign3",
    format: "bundle",
    signFlags: ["--use-signing-config=false", ...NO_LOG],
    verifyFlags: IGNORE_LOG,
  },
  {
    name: "cosign 3.1.3 (legacy)",
    peer: "cosign3",
    format: "legacy",
    signFlags: ["--use-signing-config=false", "--new-bundle-format=false", ...NO_LOG],
    verifyFlags: ["--new-bundle-format=false", ...IGNORE_LOG],
  },
  {
    name: "cosign 2.6.1 (bundle)",
    peer: "cosign2",
    format: "bundle",
    signFlags: ["--new-bundle-format", ...NO_LOG],
    verifyFlags: ["--new-bundle-format", "--trusted-root", EMPTY_ROOT, ...IGNORE_LOG],
  },
  {
    name: "cosign 2.6.1 (legacy)",
    peer: "cosign2",
    format: "legacy",
    signFlags: NO_LOG,
    verifyFlags: IGNORE_LOG,
  },
  {
    name: "cosign 1.3.1 (legacy)",
    peer: "cosign1",
    format: "legacy",
    signFlags: [],
    verifyFlags: [],
  },
];

/** The way of one version in one format. */
export function cosignWay(peer: CosignWay["peer"], format: SignatureFormat): CosignWay {
  return COSIGN_WAYS.find((way) => way.peer === peer && way.format === format)!;
}

/** The peers that they need. */
export const COSIGNS: readonly CosignWay["peer"][] = ["cosign1", "cosign2", "cosign3"];

/** Run cosign in a sandbox. */
export async function cosign(
  sandbox: Sandbox,
  peer: CosignWay["peer"],
  args: readonly string[],
  cwd: string = sandbox.folder,
): Promise<Finished> {
  return await runProgram(peerPath(peer), args, { env: sandbox.env, cwd });
}

/** Make a key pair with cosign, named for its version: `cosign1.key` and `cosign1.pub`. */
export async function cosignKeyPair(
  sandbox: Sandbox,
  peer: CosignWay["peer"],
  name: string = peer,
): Promise<void> {
  // cosign 1.3.1 has no name for its files but "cosign".
  const folder = await mkdtemp(sandbox.path("key-pair-"));
  const made = await cosign(sandbox, peer, ["generate-key-pair"], folder);
  assertDone(made, `${peer} generate-key-pair`);
  for (const ending of ["key", "pub"]) {
    await rename(join(folder, `cosign.${ending}`), sandbox.path(`${name}.${ending}`));
  }
}

/** Sign images in one way. */
export async function cosignSign(
  sandbox: Sandbox,
  { name, peer, signFlags }: CosignWay,
  key: string,
  images: readonly string[],
): Promise<void> {
  const signed = await cosign(sandbox, peer, ["sign", ...signFlags, "--key", key, ...images]);
  assertDone(signed, `${name} sign`);
}

/** Verify images in one way. */
export async function cosignVerify(
  sandbox: Sandbox,
  { peer, verifyFlags }: CosignWay,
  key: string,
  images: readonly string[],
): Promise<Finished> {
  await sandbox.write(
    EMPTY_ROOT,
    '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
  );
  return await cosign(sandbox, peer, ["verify", ...verifyFlags, "--key", key, ...images]);
}
