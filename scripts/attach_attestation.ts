#!/usr/bin/env node
import { decodeText, encodeText } from "../lib/base/bytes.ts";
import { messageOf, UsageError } from "../lib/base/errors.ts";
import { parseReference } from "../lib/reference/reference.ts";
import { completeSubject } from "../lib/sign/sign_digest.ts";
import { attachForeignBundle, attachForeignEnvelope } from "../lib/signature/attach_envelope.ts";
import { locateSignatures } from "../lib/signature/store.ts";
import { collect } from "./command/annotations.ts";
import { readInput } from "./command/files.ts";
import { findImage } from "./command/image.ts";
import type { Io } from "./command/io.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  storeOptions,
  withRegistries,
} from "./command/registry_options.ts";
import { usesDockerMediaTypes } from "./command/sign_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends RegistryFlags {
  readonly attestation?: readonly string[];
}

/** The documents of a file: one JSON document, or one a line. */
async function readDocuments(file: string, io: Io): Promise<readonly object[]> {
  const text = decodeText(await readInput(file, io));
  try {
    return [JSON.parse(text) as object];
  } catch {
    // More than one, or none at all.
  }
  try {
    return text.split("\n").filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line) as object);
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: want JSON, or JSON lines: ${messageOf(error)}`);
  }
}

/** Store attestations that were signed elsewhere. */
export const task: Task<Flags> = {
  name: "attach attestation",
  summary: "Store attestations that were signed elsewhere beside an image",
  examples: [
    ["attach attestation --attestation envelope.json registry.example/app:1.0", "an envelope"],
    ["attach attestation --attestation bundle.json registry.example/app:1.0", "a Sigstore bundle"],
  ],
  define(command) {
    command
      .argument("<image>", "tag or digest of an image")
      .option(
        "--attestation <file>",
        "DSSE envelope or Sigstore bundle, or several, one a line; may be repeated",
        collect,
      );
    defineRegistryOptions(command);
  },
  async run([image = ""], { attestation: files = [], ...flags }, io) {
    if (files.length === 0) throw new UsageError("Cannot attach: name a file with --attestation");
    const reference = parseReference(image);
    const { repository } = reference;
    const documents: object[] = [];
    for (const file of files) {
      documents.push(...await readDocuments(file, io));
      await io.stderr.write(`Using payload from: ${file}\n`);
    }
    return await withRegistries(flags, io, 4, async (remote) => {
      const found = await findImage(remote, reference, "attach to");
      const subject = await completeSubject(remote, repository, found);
      const store = locateSignatures(repository, subject.digest, storeOptions(flags, io.env));
      for (const document of documents) {
        const attach = "dsseEnvelope" in document ? attachForeignBundle : attachForeignEnvelope;
        await attach(remote, store, {
          // On one line, as others read it; what is signed is inside, in base64.
          bytes: encodeText(JSON.stringify(document)),
          subject,
          dockerMediaTypes: usesDockerMediaTypes(io),
          clock: io.clock,
          random: Math.random,
        });
      }
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
