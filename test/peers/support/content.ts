/** Images in registries, put there and counted by crane. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RegistryKind } from "./registries.ts";
import { peerPath } from "./peers.ts";
import { type Finished, runProgram } from "./run_program.ts";
import type { Sandbox } from "./sandbox.ts";
import { assertDone } from "./sigfleet.ts";

/** A small repository: four digests under five tags. */
export const FLEET_TAGS = ["1.0", "1.1", "2.0", "latest", "multi"] as const;

async function tryCrane(sandbox: Sandbox, args: readonly string[]): Promise<Finished> {
  return await runProgram(peerPath("crane"), args, { env: sandbox.env, cwd: sandbox.folder });
}

/** Run crane, and give what it prints. */
export async function crane(sandbox: Sandbox, args: readonly string[]): Promise<string> {
  const done = await tryCrane(sandbox, args);
  assertDone(done, `crane ${args[0]}`);
  return done.stdout.trim();
}

/** Push an image of one layer; it differs by its reference. */
export async function pushImage(sandbox: Sandbox, image: string): Promise<void> {
  const folder = sandbox.path(`layer-${image.replaceAll(/[^a-z0-9.]/gu, "-")}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "hello"), `${image}\n`);
  const layer = `${folder}.tar`;
  const packed = await runProgram("tar", ["-cf", layer, "-C", folder, "hello"], {
    env: sandbox.env,
  });
  assertDone(packed, "tar");
  await crane(sandbox, ["append", "--oci-empty-base", "-f", layer, "-t", image]);
}

/** Fill a repository: two images of their own, two tags on one digest, and a multi-platform index. */
export async function pushFleet(sandbox: Sandbox, repository: string): Promise<void> {
  for (const tag of ["1.0", "1.1", "2.0"]) await pushImage(sandbox, `${repository}:${tag}`);
  await crane(sandbox, ["tag", `${repository}:2.0`, "latest"]);
  await appendIndex(sandbox, `${repository}:1.0`, `${repository}:multi`);
}

/** An index, and the images in it by digest. */
export interface PushedIndex {
  readonly index: string;
  readonly children: readonly string[];
}

/** Push a multi-platform index of images that are one image but for their platform. */
async function appendIndex(sandbox: Sandbox, base: string, index: string): Promise<PushedIndex> {
  const children: string[] = [];
  for (const platform of ["linux/amd64", "linux/arm64"]) {
    // Pushed under its digest alone, as the parts of an index are.
    children.push(await crane(sandbox, ["mutate", base, "--set-platform", platform]));
  }
  const parts = children.flatMap((child) => ["-m", child]);
  await crane(sandbox, ["index", "append", ...parts, "-t", index]);
  return { index, children };
}

/** Push an index with an index in it, `multi`, under the tag `nested`; all that is in it are children. */
export async function pushNestedIndex(sandbox: Sandbox, repository: string): Promise<PushedIndex> {
  const { index: inner, children } = await pushIndex(sandbox, repository);
  const index = `${repository}:nested`;
  const parts = ["-m", inner, "-m", `${repository}:base`];
  await crane(sandbox, ["index", "append", "--flatten=false", ...parts, "-t", index]);
  const others = await Promise.all(
    [inner, `${repository}:base`].map(async (name) =>
      `${repository}@${await digestOfTag(sandbox, name)}`
    ),
  );
  return { index, children: [...children, ...others] };
}

/** Push a multi-platform index under the tag `multi` of a repository. */
export async function pushIndex(sandbox: Sandbox, repository: string): Promise<PushedIndex> {
  await pushImage(sandbox, `${repository}:base`);
  return await appendIndex(sandbox, `${repository}:base`, `${repository}:multi`);
}

/** The digest that a tag names. */
export async function digestOfTag(sandbox: Sandbox, image: string): Promise<string> {
  return await crane(sandbox, ["digest", image]);
}

/** How many signatures are stored about one digest. */
export interface StoredSignatures {
  readonly legacy: number;
  readonly bundle: number;
}

interface StoredManifest {
  readonly layers?: readonly unknown[];
  readonly manifests?: readonly unknown[];
}

/** Read the manifest under a tag, or nothing where there is none. */
export async function manifestAt(
  sandbox: Sandbox,
  image: string,
): Promise<StoredManifest | undefined> {
  const { code, stdout, stderr } = await tryCrane(sandbox, ["manifest", image]);
  if (code === 0) return JSON.parse(stdout) as StoredManifest;
  if (/MANIFEST_UNKNOWN|NAME_UNKNOWN/u.test(stderr)) return undefined;
  throw new Error(`crane manifest ${image}: ${stderr}`);
}

/** Count what is stored, where each kind of registry keeps it. */
export async function countSignatures(
  sandbox: Sandbox,
  { hasReferrers }: RegistryKind,
  repository: string,
  digest: string,
): Promise<StoredSignatures> {
  const tag = `${repository}:${digest.replace(":", "-")}`;
  const legacy = (await manifestAt(sandbox, `${tag}.sig`))?.layers?.length ?? 0;
  if (!hasReferrers) {
    return { legacy, bundle: (await manifestAt(sandbox, tag))?.manifests?.length ?? 0 };
  }
  return { legacy, bundle: (await fetchReferrers(repository, digest)).length };
}

/** A manifest that refers to an image, and what its layer holds. */
export interface StoredReferrer {
  readonly manifest: string;
  readonly blob: string;
}

/** Fetch what refers to an image, as a registry with the referrers API lists it. */
export async function fetchReferrers(
  repository: string,
  digest: string,
): Promise<readonly StoredReferrer[]> {
  const [address, ...path] = repository.split("/");
  const get = async (target: string): Promise<string> =>
    await (await fetch(`http://${address}/v2/${path.join("/")}/${target}`)).text();
  const { manifests } = JSON.parse(await get(`referrers/${digest}`)) as {
    readonly manifests: readonly { readonly digest: string }[];
  };
  return await Promise.all(manifests.map(async ({ digest }) => {
    const manifest = await get(`manifests/${digest}`);
    const { layers: [layer] } = JSON.parse(manifest) as {
      readonly layers: readonly { readonly digest: string }[];
    };
    return { manifest, blob: await get(`blobs/${layer!.digest}`) };
  }));
}
