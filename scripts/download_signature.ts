#!/usr/bin/env node
import { decodeText, encodeBase64 } from "../lib/base/bytes.ts";
import { parseReference } from "../lib/reference/reference.ts";
import { readBundles } from "../lib/signature/read_bundles.ts";
import { LEGACY_ANNOTATIONS } from "../lib/signature/read_legacy.ts";
import { type LegacyLayer, readLayers } from "../lib/signature/read_layers.ts";
import { SIGN_PREDICATE_TYPE } from "../lib/signature/statement.ts";
import { locateSignatures } from "../lib/signature/store.ts";
import { findImage } from "./command/image.ts";
import {
  defineRegistryOptions,
  type RegistryFlags,
  storeOptions,
  withRegistries,
} from "./command/registry_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

/** The certificates of a PEM text, each as Go's JSON begins it: the DER under `Raw`. */
function certificates(pem: string | undefined): readonly { readonly Raw: string }[] {
  const blocks = (pem ?? "").matchAll(
    /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/gu,
  );
  return [...blocks].map(([, body = ""]) => ({ Raw: body.replace(/\s/gu, "") }));
}

function jsonOrNull(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** One legacy signature as `cosign download signature` prints it (pkg/cosign/fetch.go, SignedPayload). */
function signedPayload({ layer, bytes }: LegacyLayer): string {
  const annotations = layer.payload.annotations ?? {};
  const chain = certificates(annotations[LEGACY_ANNOTATIONS.chain]);
  return JSON.stringify({
    Base64Signature: layer.signature,
    Payload: encodeBase64(bytes),
    Cert: certificates(annotations[LEGACY_ANNOTATIONS.certificate])[0] ?? null,
    Chain: chain.length === 0 ? null : chain,
    Bundle: jsonOrNull(annotations[LEGACY_ANNOTATIONS.bundle]),
    RFC3161Timestamp: jsonOrNull(annotations[LEGACY_ANNOTATIONS.timestamp]),
  });
}

/** Print the signatures of an image, unverified. */
export const task: Task<RegistryFlags> = {
  name: "download signature",
  summary: "Print the signatures of an image as JSON, one a line, unverified",
  examples: [["download signature registry.example/app:1.0", "in both formats"]],
  define(command) {
    command.argument("<image>", "tag or digest of an image");
    defineRegistryOptions(command);
  },
  async run([image = ""], flags, io) {
    const reference = parseReference(image);
    return await withRegistries(flags, io, 4, async (remote) => {
      const { digest } = await findImage(remote, reference, "download");
      const store = locateSignatures(reference.repository, digest, storeOptions(flags, io.env));
      let found = 0;
      for await (const { bytes } of readBundles(remote, store, digest, SIGN_PREDICATE_TYPE)) {
        found++;
        await io.stdout.write(`${decodeText(bytes).trim()}\n`);
      }
      for await (const layer of readLayers(remote, store, store.signatureTag)) {
        found++;
        await io.stdout.write(`${signedPayload(layer)}\n`);
      }
      if (found === 0) throw new Error(`${image}: no signatures associated`);
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
