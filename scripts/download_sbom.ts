#!/usr/bin/env node
import type { Digest } from "../lib/reference/digest.ts";
import { parseReference, type Repository } from "../lib/reference/reference.ts";
import { attachmentTag } from "../lib/reference/triangulate.ts";
import { listChildren } from "../lib/registry/list_children.ts";
import { formatPlatform } from "../lib/registry/manifest.ts";
import type { Remote } from "../lib/registry/remote.ts";
import { safeText } from "../lib/report/safe_text.ts";
import { type LegacyLayer, readLayers } from "../lib/signature/read_layers.ts";
import { locateSignatures } from "../lib/signature/store.ts";
import { findChild, findImage } from "./command/image.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  storeOptions,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { decodeText } from "../lib/base/bytes.ts";

interface Flags extends RegistryFlags {
  readonly platform?: string;
}

const WARNING = "WARNING: an SBOM attached so is signed by nobody, and anyone who may write to " +
  "the registry could have changed it; see download attestation and verify-attestation\n";

/** Why there is none, with the platforms that an index could be asked for. */
async function missing(remote: Remote, repository: Repository, digest: Digest): Promise<Error> {
  const children = await listChildren(remote, repository, digest);
  if (children.length === 0) return new Error("no sbom attached to reference");
  const platforms = children.flatMap(({ platform }) =>
    platform === undefined ? [] : [formatPlatform(platform)]
  );
  return new Error(
    `no SBOM found attached to image index; --platform asks for one of ${platforms.join(", ")}`,
  );
}

/** Print the SBOM that was attached to an image in cosign's old way. */
export const task: Task<Flags> = {
  name: "download sbom",
  summary: "Print an SBOM attached in cosign's old way, unsigned",
  examples: [
    ["download sbom registry.example/app:1.0", "whatever is attached"],
    ["download sbom --platform linux/arm64 registry.example/app:1.0", "of one platform"],
  ],
  define(command) {
    command
      .argument("<image>", "tag or digest of an image")
      .option("--platform <platform>", "of an index the image for it, as in linux/arm64");
    defineRegistryOptions(command);
  },
  async run([image = ""], flags, io) {
    const reference = parseReference(image);
    const { repository } = reference;
    await io.stderr.write(WARNING);
    return await withRegistries(flags, io, 1, async (remote) => {
      // As with cosign an image that is named by its digest need not be there.
      const named = reference.digest ?? (await findImage(remote, reference, "download")).digest;
      const digest = flags.platform === undefined
        ? named
        : await findChild(remote, repository, named, flags.platform);
      const options = storeOptions(flags, io.env);
      const store = locateSignatures(repository, digest, options);
      const found: LegacyLayer[] = [];
      const tag = attachmentTag(digest, "sbom", options.tagPrefix);
      for await (const layer of readLayers(remote, store, tag)) found.push(layer);
      const [sbom] = found;
      if (sbom === undefined) throw await missing(remote, repository, digest);
      const { mediaType } = sbom.layer.payload;
      await io.stderr.write(`Found SBOM of media type: ${safeText(mediaType)}\n`);
      await io.stdout.write(decodeText(sbom.bytes));
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
