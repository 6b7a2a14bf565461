#!/usr/bin/env node
import { UsageError } from "../lib/base/errors.ts";
import { parseDigest } from "../lib/reference/digest.ts";
import {
  type BlobContent,
  contentOfDigest,
  readBlobContent,
} from "../lib/signature/blob_content.ts";
import { parsePredicateType } from "../lib/signature/predicate_type.ts";
import { verifyBlobAttestation } from "../lib/verify/verify_blob.ts";
import {
  defineBlobVerifyOptions,
  type FoundFlags,
  readFound,
  readPieces,
  tellVerdict,
} from "./command/blob_flags.ts";
import type { Io } from "./command/io.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { readSigners } from "./command/trust_options.ts";

interface Flags extends FoundFlags {
  readonly type: string;
  readonly checkClaims: boolean;
  readonly digest?: string;
  // cosign spells it so.
  readonly digestAlg?: string;
}

/** Nothing is compared with it where the claims are not checked. */
const NOTHING = parseDigest(`sha256:${"0".repeat(64)}`);

async function readContent(file: string | undefined, flags: Flags, io: Io): Promise<BlobContent> {
  const { digest, digestAlg = "sha256", checkClaims } = flags;
  if (!checkClaims) return contentOfDigest(NOTHING);
  if (digest !== undefined) {
    if (digestAlg !== "sha256") {
      throw new UsageError(`Cannot verify by ${digestAlg.slice(0, 40)}: want --digestAlg sha256`);
    }
    if (file !== undefined) throw new UsageError("Cannot verify: want a file or --digest");
    return contentOfDigest(parseDigest(`sha256:${digest.replace(/^sha256:/u, "")}`));
  }
  if (file === undefined) throw new UsageError("Cannot verify: name the file, or its --digest");
  return await readBlobContent(readPieces(file, io), []);
}

/** Verify what is attested of a file, as `cosign verify-blob-attestation` does. */
export const task: Task<Flags> = {
  name: "verify-blob-attestation",
  summary: "Verify what is attested of a file, with cosign's output and exit codes",
  examples: [
    [
      "verify-blob-attestation --key cosign.pub --type spdxjson --bundle app.att.json app",
      "with a bundle",
    ],
    [
      "verify-blob-attestation --key cosign.pub --signature app.att --digest 5891b5… --digestAlg sha256",
      "with an envelope, and without the file",
    ],
  ],
  define(command) {
    command
      .argument("[file]", "what it is about; - for standard input")
      .option("--signature <file>", "the DSSE envelope, instead of a bundle: a file or a URL")
      .option(
        "--type <type>",
        "predicate type that must be attested: slsaprovenance, slsaprovenance02, " +
          "slsaprovenance1, link, spdx, spdxjson, cyclonedx, vuln, openvex, custom or a URI",
        "custom",
      )
      .option("--check-claims", "the statement must be about the file", true)
      .option("--no-check-claims", "it may be about anything")
      .option("--digest <hex>", "the file's digest, where the file is elsewhere")
      .option("--digestAlg <name>", "sha256");
    defineBlobVerifyOptions(command);
  },
  async run([file, ...more], flags, io) {
    if (more.length > 0) throw new UsageError("Cannot verify several files at once");
    const predicateType = parsePredicateType(flags.type);
    const signers = await readSigners(flags, io);
    const found = await readFound(flags, io);
    const content = await readContent(file, flags, io);
    const { checkClaims } = flags;
    const policy = { ...signers, annotations: {}, predicateType, checkClaims };
    return await tellVerdict(await verifyBlobAttestation(content, found, policy), io);
  },
};

await runIfMain(import.meta.url, task);
