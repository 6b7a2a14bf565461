#!/usr/bin/env node
import { formatReference, formatRepository, parseReference } from "../lib/reference/reference.ts";
import { resolveDigest } from "../lib/registry/resolve_digest.ts";
import { signDigest } from "../lib/sign/sign_digest.ts";
import { defineSignOptions, type SignFlags, signOptions } from "./command/sign_options.ts";
import { withRegistries } from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

/** Sign images, one after another; each is tried. */
export const task: Task<SignFlags> = {
  name: "sign",
  summary: "Sign images with a key",
  examples: [
    ["sign --key cosign.key registry.example/app@sha256:…", "sign the image with this digest"],
    ["sign --key cosign.key -a env=prod registry.example/app:1.0", "sign an annotation with it"],
    [
      "sign --key cosign.key --format legacy registry.example/app:1.0",
      "for cosign 1 and 2, podman",
    ],
  ],
  define(command) {
    command.argument("<image...>", "tags or digests of images");
    defineSignOptions(command);
  },
  async run(args, flags, io) {
    const references = args.map(parseReference);
    const options = await signOptions(flags, io);
    return await withRegistries(flags, io, 4, async (remote) => {
      let failures = 0;
      for (const reference of references) {
        const { repository } = reference;
        const name = formatReference(reference);
        try {
          const subject = await resolveDigest(
            remote,
            repository,
            reference.digest ?? reference.tag!,
          );
          if (subject === undefined) throw new Error(`Cannot sign ${name}: no such image`);
          const outcomes = await signDigest(remote, repository, subject, options);
          for (const [format, outcome] of Object.entries(outcomes)) {
            await io.stderr.write(
              `${formatRepository(repository)}@${subject.digest}: ${outcome} (${format})\n`,
            );
          }
        } catch (error) {
          if (io.signal.aborted) throw error;
          failures++;
          await io.stderr.write(`Error: ${(error as Error).message}\n`);
        }
      }
      return failures === 0 ? 0 : 1;
    });
  },
};

await runIfMain(import.meta.url, task);
