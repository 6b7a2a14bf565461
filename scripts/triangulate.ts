#!/usr/bin/env node
import { UsageError } from "../lib/base/errors.ts";
import { formatRepository, parseReference } from "../lib/reference/reference.ts";
import { type AttachmentKind, attachmentTag } from "../lib/reference/triangulate.ts";
import { resolveDigest } from "../lib/registry/resolve_digest.ts";
import { signatureRepository } from "../lib/signature/store.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  storeOptions,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends RegistryFlags {
  readonly type: string;
}

const KINDS: Readonly<Record<string, AttachmentKind>> = {
  signature: "sig",
  attestation: "att",
  sbom: "sbom",
};

/** Say where cosign keeps what belongs to an image. */
export const task: Task<Flags> = {
  name: "triangulate",
  summary: "Print where the legacy signature of an image is kept",
  examples: [
    ["triangulate registry.example/app:1.0", "print registry.example/app:sha256-….sig"],
    ["triangulate --type digest registry.example/app:1.0", "print the digest that the tag names"],
  ],
  define(command) {
    command.argument("<image>", "tag or digest of an image").option(
      "--type <type>",
      "signature, attestation, sbom or digest",
      "signature",
    );
    defineRegistryOptions(command);
  },
  async run([image = ""], flags, io) {
    const kind = KINDS[flags.type];
    if (kind === undefined && flags.type !== "digest") {
      throw new UsageError(
        `Cannot triangulate "${flags.type}": want signature, attestation, sbom or digest`,
      );
    }
    const { repository, tag, digest } = parseReference(image);
    const store = storeOptions(flags, io.env);
    const found = digest ?? await withRegistries(flags, io, 1, async (remote) => {
      return (await resolveDigest(remote, repository, tag ?? "latest"))?.digest;
    });
    if (found === undefined) throw new Error(`Cannot find ${image}: no such tag`);
    await io.stdout.write(
      kind === undefined
        ? `${formatRepository(repository)}@${found}\n`
        : `${formatRepository(signatureRepository(repository, store))}:${
          attachmentTag(found, kind, store.tagPrefix)
        }\n`,
    );
    return 0;
  },
};

await runIfMain(import.meta.url, task);
