/** The signatures that real programs made: test/vectors/cosign, see its README. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Digest } from "../../lib/reference/digest.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry, type MemoryRegistry } from "../../lib/registry/memory.ts";
import type { VerdictKind } from "../../lib/verify/verdict.ts";

/** What a version of cosign said of a case. */
export interface CosignRun {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr_last: string;
}

/** One case of cases.json, as far as it is used here. */
export interface FixtureCase {
  readonly name: string;
  readonly kind: string;
  readonly ref: string;
  readonly verify: {
    readonly command: string;
    readonly key?: string;
    readonly identity?: string;
    readonly issuer?: string;
    readonly identity_regexp?: string;
    readonly issuer_regexp?: string;
    /** Where cosign was given the same by its environment. */
    readonly trusted_root?: string;
    readonly flags?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  };
  readonly truth: VerdictKind;
  readonly truth_also?: readonly VerdictKind[] | null;
  /** The same where every image in an index must be signed too: those that run, or really all. */
  readonly truth_recursive?: VerdictKind | null;
  readonly truth_recursive_all?: VerdictKind | null;
  readonly serve?: "any" | "fallback" | "referrers";
  readonly cosign3?: CosignRun | null;
}

/** The path of a file of the fixtures. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`../vectors/cosign/${name}`, import.meta.url));
}

function readJson<Value>(name: string): Value {
  return JSON.parse(readFileSync(fixturePath(name), "utf8")) as Value;
}

/** The cases that a command verifies with a key and without the transparency log: images, unless told. */
export function readKeyCases(
  command = "verify",
): readonly (FixtureCase & { readonly verify: { key: string } })[] {
  return readJson<readonly FixtureCase[]>("cases.json").filter((
    found,
  ): found is FixtureCase & { readonly verify: { key: string } } =>
    found.verify.command === command && found.verify.key !== undefined &&
    found.verify.flags?.includes("--trusted-root") !== true
  );
}

/** The cases that a command verifies by certificates, transparency logs and timestamps. */
export function readTrustCases(command: string): readonly FixtureCase[] {
  return readJson<readonly FixtureCase[]>("cases.json").filter(({ verify }) =>
    verify.command === command &&
    (verify.key === undefined || verify.flags?.includes("--trusted-root") === true)
  );
}

/** The words that a case is verified with, but for the image or file. */
export function trustWords({ verify }: FixtureCase): readonly string[] {
  const { key, identity, issuer, identity_regexp, issuer_regexp, trusted_root } = verify;
  const named = {
    "--key": key && fixturePath(key),
    "--certificate-identity": identity,
    "--certificate-identity-regexp": identity_regexp,
    "--certificate-oidc-issuer": issuer,
    "--certificate-oidc-issuer-regexp": issuer_regexp,
    "--trusted-root": trusted_root,
  };
  return [
    ...Object.entries(named).flatMap(([flag, value]) => value === undefined ? [] : [flag, value]),
    ...verify.flags ?? [],
  ].map((word) => /^(?:trusted_root|blobsig\/)/u.test(word) ? fixturePath(word) : word);
}

/** The name of a case's image where the fixtures are served at `registry`. */
export function imageOf({ ref }: FixtureCase, registry: string): string {
  return `${registry}/${ref}`;
}

/** What is read of a manifest to find what belongs to it. */
interface Links {
  readonly mediaType?: string;
  readonly manifests?: readonly { readonly digest: string }[];
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
}

const files = new Map<string, Uint8Array | undefined>();

function readBlob(digest: string): Uint8Array | undefined {
  if (!files.has(digest)) {
    let bytes: Uint8Array | undefined;
    try {
      bytes = readFileSync(fixturePath(`blobs/${digest.replace(":", "/")}`));
    } catch {
      // Dangling on purpose.
    }
    files.set(digest, bytes);
  }
  return files.get(digest);
}

function parseLinks(bytes: Uint8Array): Links {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Links;
  } catch {
    return {};
  }
}

/** Serve the fixtures from memory, with or without the referrers API. */
export function openFixtureRegistry(
  { referrers }: { readonly referrers: boolean },
): MemoryRegistry {
  const repositories = readJson<Record<string, Record<string, Digest>>>("repositories.json");
  const untagged = readJson<Record<string, readonly string[]>>("untagged.json");
  const mediaTypes = readJson<Record<string, string>>("media_types.json");
  const registry = createMemoryRegistry({ referrers });
  for (const [repository, tags] of Object.entries(repositories)) {
    const pending = [...Object.values(tags), ...untagged[repository] ?? []];
    for (const digest of pending) {
      const bytes = readBlob(digest);
      if (bytes === undefined) continue;
      const links = parseLinks(bytes);
      const mediaType = mediaTypes[digest] ?? links.mediaType ??
        (links.manifests === undefined ? MEDIA_TYPES.ociManifest : MEDIA_TYPES.ociIndex);
      registry.putRaw(repository, digest as Digest, bytes, mediaType);
      for (const child of links.manifests ?? []) {
        // Grows while it is walked.
        if (!pending.includes(child.digest)) pending.push(child.digest);
      }
      for (const blob of [...links.layers ?? [], ...links.config ? [links.config] : []]) {
        const content = readBlob(blob.digest);
        if (content !== undefined) registry.putRaw(repository, blob.digest as Digest, content);
      }
    }
    for (const [tag, digest] of Object.entries(tags)) registry.setTag(repository, tag, digest);
  }
  return registry;
}
