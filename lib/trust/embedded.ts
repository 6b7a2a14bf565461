import { decodeBase64 } from "../base/bytes.ts";

/** The TUF repository of Sigstore's public instance. */
export const PUBLIC_MIRROR = "https://tuf-repo-cdn.sigstore.dev";

/** What comes with this program of a TUF repository. */
export interface EmbeddedRepository {
  /** The root metadata with which a chain of roots begins. */
  readonly root: Uint8Array;
  readonly targets: ReadonlyMap<string, Uint8Array>;
}

/** Tell what is embedded of a mirror: of the public one, as of the release of `@sigstore/tuf`. */
export async function embeddedRepository(mirror: string): Promise<EmbeddedRepository | undefined> {
  // Some hundred kilobytes, and needed where somebody signs or verifies without a key.
  const { default: seeds } = await import("@sigstore/tuf/seeds.json", {
    with: { type: "json" },
  });
  if (mirror.replace(/\/+$/u, "") !== PUBLIC_MIRROR) return undefined;
  const { "root.json": root, targets } = seeds[PUBLIC_MIRROR];
  return {
    root: decodeBase64(root),
    targets: new Map(Object.entries(targets).map(([name, text]) => [name, decodeBase64(text)])),
  };
}
