#!/usr/bin/env node
import { decodeText, encodeBase64 } from "../lib/base/bytes.ts";
import { MalformedError } from "../lib/base/errors.ts";
import type { Digest } from "../lib/reference/digest.ts";
import { parseReference } from "../lib/reference/reference.ts";
import type { Remote } from "../lib/registry/remote.ts";
import { parseEnvelope } from "../lib/signature/dsse.ts";
import { isPredicateType, parsePredicateType } from "../lib/signature/predicate_type.ts";
import { readBundles } from "../lib/signature/read_bundles.ts";
import { readLayers } from "../lib/signature/read_layers.ts";
import { parseStatement, SIGN_PREDICATE_TYPE } from "../lib/signature/statement.ts";
import { locateSignatures, type SignatureStore } from "../lib/signature/store.ts";
import { findChild, findImage } from "./command/image.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  storeOptions,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends RegistryFlags {
  readonly predicateType?: string;
  readonly platform?: string;
}

/** One legacy attestation as cosign prints it, whichever version wrote it; `undefined` if unwanted. */
function legacyLine(bytes: Uint8Array, wanted: string | undefined): string | undefined {
  try {
    const { payload, payloadType, signatures } = parseEnvelope(bytes);
    const { predicateType } = parseStatement(payload);
    if (wanted !== undefined && !isPredicateType(wanted, predicateType)) return undefined;
    return JSON.stringify({
      payloadType,
      payload: encodeBase64(payload),
      signatures: signatures.map((sig) => ({ keyid: "", sig: encodeBase64(sig) })),
    });
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

async function* readLines(
  remote: Remote,
  store: SignatureStore,
  digest: Digest,
  wanted: string | undefined,
): AsyncGenerator<string, void, undefined> {
  for await (const { bytes, predicateType } of readBundles(remote, store, digest, wanted)) {
    if (wanted !== undefined || predicateType !== SIGN_PREDICATE_TYPE) {
      yield decodeText(bytes).trim();
    }
  }
  for await (const { bytes } of readLayers(remote, store, store.attestationTag)) {
    const line = legacyLine(bytes, wanted);
    if (line !== undefined) yield line;
  }
}

/** Print what is attested of an image, unverified. */
export const task: Task<Flags> = {
  name: "download attestation",
  summary: "Print what is attested of an image as JSON, one a line, unverified",
  examples: [
    ["download attestation registry.example/app:1.0", "in both formats"],
    ["download attestation --predicate-type spdxjson registry.example/app:1.0", "SBOMs only"],
    ["download attestation --platform linux/arm64 registry.example/app:1.0", "of one platform"],
  ],
  define(command) {
    command
      .argument("<image>", "tag or digest of an image")
      .option("--predicate-type <type>", "only this predicate type: a name of cosign's, or a URI")
      .option("--platform <platform>", "of an index the image for it, as in linux/arm64");
    defineRegistryOptions(command);
  },
  async run([image = ""], flags, io) {
    const reference = parseReference(image);
    const { repository } = reference;
    const wanted = flags.predicateType === undefined
      ? undefined
      : parsePredicateType(flags.predicateType);
    return await withRegistries(flags, io, 4, async (remote) => {
      const { digest: named } = await findImage(remote, reference, "download");
      const digest = flags.platform === undefined
        ? named
        : await findChild(remote, repository, named, flags.platform);
      const store = locateSignatures(repository, digest, storeOptions(flags, io.env));
      let found = 0;
      for await (const line of readLines(remote, store, digest, wanted)) {
        found++;
        await io.stdout.write(`${line}\n`);
      }
      if (found === 0 && wanted !== undefined) {
        throw new Error(`no attestations with predicate type '${wanted}' found`);
      }
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
