import { encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import { UsageError } from "../../lib/base/errors.ts";
import type { Digest } from "../../lib/reference/digest.ts";
import type { Repository } from "../../lib/reference/reference.ts";
import type { ResolvedManifest } from "../../lib/registry/resolve_digest.ts";
import { legacyPayloads } from "../../lib/sign/sign_legacy.ts";
import { toSigner } from "../../lib/sign/key_signer.ts";
import { signStatement, statementBundle } from "../../lib/sign/sign_statement.ts";
import type { SignOptions } from "../../lib/sign/signing_job.ts";
import { parseClaim } from "../../lib/signature/claim.ts";
import { signerPem } from "../../lib/signature/material_annotations.ts";
import { buildOldBundle } from "../../lib/signature/message_bundle.ts";
import { buildSignStatement } from "../../lib/signature/statement.ts";
import { writeOutput } from "./blob_flags.ts";
import { readInput } from "./files.ts";
import type { Io } from "./io.ts";

/** The files that signing an image writes and reads. */
export interface SignFileFlags {
  readonly bundle?: string;
  readonly outputSignature?: string;
  readonly outputPayload?: string;
  readonly outputCertificate?: string;
  readonly payload?: string;
}

/** The files that are asked for. */
export function outputFiles(flags: SignFileFlags): readonly string[] {
  const { bundle, outputSignature, outputPayload, outputCertificate } = flags;
  return [bundle, outputSignature, outputPayload, outputCertificate]
    .filter((file) => file !== undefined);
}

/** Write what was asked for into files: the bundle, or a legacy signature and what belongs to it. */
export async function writeSignFiles(
  image: Repository,
  subject: ResolvedManifest,
  options: Omit<SignOptions, "tags">,
  flags: SignFileFlags,
  io: Io,
): Promise<void> {
  const { key, annotations, formats } = options;
  const signer = toSigner(key);
  const write = async (file: string, content: Uint8Array, what: string): Promise<void> => {
    await writeOutput(file, content);
    await io.stderr.write(`Wrote ${what} to file ${file}\n`);
  };
  const { bundle, outputSignature, outputPayload, outputCertificate } = flags;
  // Of several payloads the last, as with cosign, which writes each over the one before.
  const payload = legacyPayloads({ image, subject, options }).at(-1)!;
  const signLegacy = () => signer.sign({ kind: "payload", bytes: payload });
  if (bundle !== undefined && formats.includes("bundle")) {
    const statement = buildSignStatement(subject.digest, annotations);
    await write(bundle, statementBundle(await signStatement(signer, statement)), "bundle");
  } else if (bundle !== undefined) {
    const { signature, material } = await signLegacy();
    await write(bundle, buildOldBundle(signature, material), "bundle");
  }
  if (outputSignature !== undefined) {
    const { signature } = await signLegacy();
    await write(outputSignature, encodeText(encodeBase64(signature)), "signature");
  }
  if (outputPayload !== undefined) await write(outputPayload, payload, "payload");
  if (outputCertificate !== undefined) {
    // With a key there is no certificate, and cosign writes the public key.
    const { publicKey } = signer;
    const pem = publicKey?.pem ?? signerPem((await signLegacy()).material);
    await write(
      outputCertificate,
      encodeText(pem),
      publicKey === undefined ? "certificate" : "public key",
    );
  }
}

/** The files of one image among several that one command line signs, as cosign names them. */
export function filesOf(flags: SignFileFlags, digest: Digest): SignFileFlags {
  const named = (file: string | undefined) =>
    file === undefined ? undefined : `${file}-${digest.replace(":", "-")}`;
  const files = {
    bundle: named(flags.bundle),
    outputSignature: named(flags.outputSignature),
    outputPayload: named(flags.outputPayload),
    outputCertificate: flags.outputCertificate,
  };
  return Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined));
}

/**
 * Read the payload to sign, if one is given.
 *
 * @throws {UsageError}
 */
export async function readSignPayload(
  { payload }: SignFileFlags,
  formats: SignOptions["formats"],
  images: "one" | "several",
  io: Io,
): Promise<Uint8Array | undefined> {
  if (payload === undefined) return undefined;
  if (formats.includes("bundle")) {
    throw new UsageError(
      "Cannot sign --payload as a bundle, which has a statement of its own; use --format legacy",
    );
  }
  if (images === "several") {
    throw new UsageError("Cannot sign one --payload for several images: sign one at a time");
  }
  await io.stderr.write(`Using payload from: ${payload}\n`);
  return await readInput(payload, io);
}

/** Whether a payload claims anything of an image; if not, nobody will verify it. */
export function isAbout(payload: Uint8Array, digest: Digest): boolean {
  try {
    return parseClaim(payload).digest === digest;
  } catch {
    return false;
  }
}
