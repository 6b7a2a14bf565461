#!/usr/bin/env node
import { basename } from "node:path";
import { Option } from "commander";
import { decodeText } from "../lib/base/bytes.ts";
import { UsageError } from "../lib/base/errors.ts";
import { type Digest, digestHex, parseDigest } from "../lib/reference/digest.ts";
import { statementEnvelope } from "../lib/sign/attest_digest.ts";
import {
  type SignedStatement,
  signStatement,
  statementBundle,
} from "../lib/sign/sign_statement.ts";
import { buildAttestationStatement } from "../lib/signature/attestation_statement.ts";
import { readBlobContent } from "../lib/signature/blob_content.ts";
import { buildOldBundle } from "../lib/signature/message_bundle.ts";
import { buildPredicate } from "../lib/signature/predicate.ts";
import { isPredicateName, parsePredicateType } from "../lib/signature/predicate_type.ts";
import { parseStatement } from "../lib/signature/statement.ts";
import { defineBlobSignOptions, openPayload, writeOutput } from "./command/blob_flags.ts";
import { readInput } from "./command/files.ts";
import type { Io } from "./command/io.ts";
import type { SignerFlags } from "./command/signer_options.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { withSigner } from "./command/with_signer.ts";

interface Flags extends SignerFlags {
  readonly predicate?: string;
  readonly statement?: string;
  readonly type: string;
  readonly hash?: string;
  readonly bundle?: string;
  readonly outputAttestation?: string;
  readonly outputSignature?: string;
  readonly newBundleFormat?: boolean;
}

function parseHash(hash: string): Digest {
  return parseDigest(`sha256:${hash.replace(/^sha256:/u, "").toLowerCase()}`);
}

async function digestOfFile(file: string, { hash }: Flags, io: Io): Promise<Digest> {
  if (hash !== undefined) return parseHash(hash);
  return (await readBlobContent(openPayload(file, io), [])).digest;
}

async function makeStatement(file: string | undefined, flags: Flags, io: Io): Promise<Uint8Array> {
  const input = flags.statement ?? flags.predicate!;
  const bytes = await readInput(input, io);
  if (flags.statement !== undefined) {
    const { subjects } = parseStatement(bytes);
    if (file === undefined) return bytes;
    const digest = await digestOfFile(file, flags, io);
    if (subjects.some((subject) => subject.digest["sha256"] === digestHex(digest))) return bytes;
    throw new Error(`Cannot attest: the statement has no subject with the digest ${digest}`);
  }
  const predicateType = parsePredicateType(flags.type);
  const name = isPredicateName(flags.type) ? flags.type : undefined;
  const digest = await digestOfFile(file!, flags, io);
  await io.stderr.write(`Using payload from: ${input}\n`);
  const predicate = buildPredicate(name, bytes, new Date(io.clock.now()));
  return buildAttestationStatement({ name: basename(file!), digest, predicateType, predicate });
}

function checkFlags(file: string | undefined, flags: Flags): void {
  if ((flags.predicate === undefined) === (flags.statement === undefined)) {
    throw new UsageError("Cannot attest: want either --predicate or --statement");
  }
  if (file === undefined && flags.statement === undefined) {
    throw new UsageError("Cannot attest: name the file");
  }
  if (file === "-" && (flags.predicate ?? flags.statement) === "-") {
    throw new UsageError("Cannot read two things from standard input");
  }
  if (flags.key === undefined && flags.bundle === undefined) {
    throw new UsageError(
      "Cannot attest without a key: name a file with --bundle, since nobody could verify the rest alone",
    );
  }
  parsePredicateType(flags.type);
  if (flags.hash !== undefined) parseHash(flags.hash);
}

async function writeOut(signed: SignedStatement, flags: Flags, io: Io): Promise<void> {
  const { bundle, outputSignature, outputAttestation, newBundleFormat } = flags;
  const envelope = statementEnvelope(signed);
  if (bundle !== undefined) {
    const old = newBundleFormat === false;
    await writeOutput(
      bundle,
      old ? buildOldBundle(envelope, signed.material) : statementBundle(signed),
    );
    await io.stderr.write(`Wrote bundle to file ${bundle}\n`);
  }
  if (outputSignature !== undefined) {
    await writeOutput(outputSignature, envelope);
    await io.stderr.write(`Signature written in ${outputSignature}\n`);
  } else if (bundle === undefined) {
    await io.stdout.write(`${decodeText(envelope)}\n`);
  }
  if (outputAttestation !== undefined) {
    await writeOutput(outputAttestation, signed.statement);
    await io.stderr.write(`Attestation written in ${outputAttestation}\n`);
  }
}

/** Attest something of a file, as `cosign attest-blob` does. */
export const task: Task<Flags> = {
  name: "attest-blob",
  summary: "Sign a statement about a file",
  examples: [
    [
      "attest-blob --key cosign.key --type spdxjson --predicate sbom.json --bundle app.att.json app",
      "an SBOM, in a bundle",
    ],
    [
      "attest-blob --key cosign.key --statement statement.json --bundle app.att.json",
      "a whole statement, signed as it stands",
    ],
    [
      "attest-blob --type slsaprovenance1 --predicate provenance.json --bundle app.att.json app",
      "without a key: as whoever the CI job is, or signs in",
    ],
  ],
  define(command) {
    command
      .argument("[file]", "what it is about; - for standard input")
      .option("--predicate <file>", "what is attested; - for standard input")
      .option("--statement <file>", "a whole in-toto statement, signed as it stands; - for input")
      .option(
        "--type <type>",
        "predicate type: slsaprovenance, slsaprovenance02, slsaprovenance1, link, spdx, spdxjson, " +
          "cyclonedx, vuln, openvex, custom or a URI",
        "custom",
      )
      .option("--hash <hex>", "the file's SHA-256, where the file is elsewhere")
      .option("--bundle <file>", "write a Sigstore bundle")
      .option("--output-attestation <file>", "write the statement")
      .addOption(new Option("--output-signature <file>", "write the DSSE envelope"));
    defineBlobSignOptions(command);
  },
  async run([file, ...more], flags, io) {
    if (more.length > 0) throw new UsageError("Cannot attest of several files at once");
    checkFlags(file, flags);
    const old = flags.newBundleFormat === false;
    return await withSigner(flags, io, { legacy: old }, async (signer) => {
      const statement = await makeStatement(file, flags, io);
      await writeOut(await signStatement(signer, statement), flags, io);
      return 0;
    });
  },
};

await runIfMain(import.meta.url, task);
