/** What many tests begin with: a registry, and key pairs. */

import type { TestContext } from "node:test";
import { pushImage } from "./content.ts";
import { cosignKeyPair, type CosignWay } from "./cosign.ts";
import { type RegistryKind, registryKind, startRegistry } from "./registries.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";

/** A sandbox with a registry, and with the key pairs `mine` and `other`. */
export interface Setting {
  readonly sandbox: Sandbox;
  readonly kind: RegistryKind;
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** `mine.key` and `mine.pub` by their full names, which every program understands. */
  readonly key: string;
  readonly publicKey: string;
  readonly otherKey: string;
  readonly otherPublicKey: string;
  /** Push an image of one layer as `ADDRESS/NAME`, and give that name. */
  push(name: string): Promise<string>;
}

/** Open one; `peer` makes the keys, which it and later versions of cosign can read. */
export async function openSetting(
  context: TestContext,
  kindName: string,
  peer: CosignWay["peer"] = "cosign3",
): Promise<Setting> {
  const sandbox = await openSandbox(context);
  const kind = registryKind(kindName);
  const { address } = await startRegistry(context, kind, sandbox);
  for (const name of ["mine", "other"]) await cosignKeyPair(sandbox, peer, name);
  return {
    sandbox,
    kind,
    address,
    key: sandbox.path("mine.key"),
    publicKey: sandbox.path("mine.pub"),
    otherKey: sandbox.path("other.key"),
    otherPublicKey: sandbox.path("other.pub"),
    async push(name) {
      const image = `${address}/${name}`;
      await pushImage(sandbox, image);
      return image;
    },
  };
}
