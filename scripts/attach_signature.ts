#!/usr/bin/env node
import { Option } from "commander";
import { decodeBase64, decodeText, encodeBase64 } from "../lib/base/bytes.ts";
import { messageOf, UsageError } from "../lib/base/errors.ts";
import { formatRepository, parseReference, type Repository } from "../lib/reference/reference.ts";
import type { Digest } from "../lib/reference/digest.ts";
import { completeSubject } from "../lib/sign/sign_digest.ts";
import { attachForeignBundle } from "../lib/signature/attach_envelope.ts";
import { attachLegacy } from "../lib/signature/attach_legacy.ts";
import { parseImageBundle } from "../lib/signature/bundle.ts";
import { buildClaim } from "../lib/signature/claim.ts";
import { LEGACY_ANNOTATIONS } from "../lib/signature/read_legacy.ts";
import { locateSignatures } from "../lib/signature/store.ts";
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
  readonly signature?: string;
  readonly payload?: string;
  readonly bundle?: string;
  readonly certificate?: string;
  readonly certificateChain?: string;
  readonly tsr?: string;
  readonly rekorResponse?: string;
}

function isBundle(bytes: Uint8Array): boolean {
  try {
    parseImageBundle(bytes);
    return true;
  } catch {
    return false;
  }
}

async function readSignature(file: string, io: Io): Promise<Uint8Array> {
  const text = decodeText(await readInput(file, io)).trim();
  try {
    return decodeBase64(text);
  } catch (error) {
    throw new UsageError(`Cannot read signature ${file}: ${messageOf(error)}`, { cause: error });
  }
}

async function readCertificates(flags: Flags, io: Io): Promise<Record<string, string>> {
  const { certificate, certificateChain: chain } = flags;
  if (certificate === undefined) {
    if (chain === undefined) return {};
    throw new UsageError("Cannot attach --certificate-chain: want --certificate as well");
  }
  return {
    [LEGACY_ANNOTATIONS.certificate]: decodeText(await readInput(certificate, io)),
    [LEGACY_ANNOTATIONS.chain]: chain === undefined ? "" : decodeText(await readInput(chain, io)),
  };
}

/** What cosign takes for signed where no payload is given. */
async function impliedPayload(
  repository: Repository,
  digest: Digest,
  io: Io,
): Promise<Uint8Array> {
  await io.stderr.write("WARNING: no --payload: taking the one without annotations\n");
  return buildClaim(formatRepository(repository), digest, {});
}

function checkFlags({ payload, bundle, tsr, rekorResponse }: Flags): void {
  if (tsr !== undefined || rekorResponse !== undefined) {
    const flag = tsr === undefined ? "rekor-response" : "tsr";
    throw new UsageError(
      `Cannot attach --${flag}: timestamps and log entries are not supported here yet`,
    );
  }
  if (payload !== undefined && bundle !== undefined) {
    throw new UsageError("Cannot attach: want either --payload or --bundle");
  }
}

/** Store a signature that was made elsewhere. */
export const task: Task<Flags> = {
  name: "attach signature",
  summary: "Store a signature that was made elsewhere beside an image",
  examples: [
    [
      "attach signature --signature sig.b64 --payload payload.json registry.example/app:1.0",
      "a legacy signature",
    ],
    ["attach signature --payload bundle.json registry.example/app:1.0", "a Sigstore bundle"],
  ],
  define(command) {
    command
      .argument("<image>", "tag or digest of an image")
      .option("--signature <file>", "the signature in base64; - for standard input")
      .option("--payload <file>", "what was signed, or a Sigstore bundle with everything")
      .option("--bundle <file>", "the same as --payload")
      .option("--certificate <file>", "certificate (PEM) to store beside it")
      .option("--certificate-chain <file>", "the certificates (PEM) that lead to a root")
      .addOption(new Option("--tsr <file>").hideHelp())
      .addOption(new Option("--rekor-response <file>").hideHelp());
    defineRegistryOptions(command);
  },
  async run([image = ""], flags, io) {
    checkFlags(flags);
    const reference = parseReference(image);
    const { repository } = reference;
    const file = flags.payload ?? flags.bundle;
    const given = file === undefined ? undefined : await readInput(file, io);
    const bundled = given !== undefined && isBundle(given);
    if (!bundled && flags.signature === undefined) {
      throw new UsageError("Cannot attach: want --signature, or a Sigstore bundle as --payload");
    }
    const signature = bundled ? undefined : await readSignature(flags.signature!, io);
    const annotations = await readCertificates(flags, io);
    return await withRegistries(flags, io, 4, async (remote) => {
      const found = await findImage(remote, reference, "attach to");
      const subject = await completeSubject(remote, repository, found);
      const store = locateSignatures(repository, subject.digest, storeOptions(flags, io.env));
      const options = {
        dockerMediaTypes: usesDockerMediaTypes(io),
        clock: io.clock,
        random: Math.random,
      };
      if (signature === undefined) {
        await attachForeignBundle(remote, store, { bytes: given!, subject, ...options });
        return 0;
      }
      const payload = given ?? await impliedPayload(repository, subject.digest, io);
      await attachLegacy(remote, store, {
        payload,
        sign: () => Promise.resolve({ signature, annotations }),
        isOurs: (stored) => Promise.resolve(stored.signature === encodeBase64(signature)),
        ...options,
      });
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
