#!/usr/bin/env node
import { basename } from "node:path";
import { Option } from "commander";
import { decodeText } from "../lib/base/bytes.ts";
import { UsageError } from "../lib/base/errors.ts";
import { type Digest, digestHex, parseDigest } from "../lib/reference/digest.ts";
import { signEnvelope } from "../lib/sign/attest_digest.ts";
import { buildAttestationStatement } from "../lib/signature/attestation_statement.ts";
import { readBlobContent } from "../lib/signature/blob_content.ts";
import { buildKeyBundle } from "../lib/signature/bundle.ts";
import { buildEnvelope } from "../lib/signature/dsse.ts";
import { buildPredicate } from "../lib/signature/predicate.ts";
import { isPredicateName, parsePredicateType } from "../lib/signature/predicate_type.ts";
import { parseStatement } from "../lib/signature/statement.ts";
import {
  defineBlobSignOptions,
  openPayload,
  refuseLog,
  writeOutput,
} from "./command/blob_flags.ts";
import { readInput } from "./command/files.ts";
import type { Io } from "./command/io.ts";
import { requireKey } from "./command/keyless.ts";
import { readPrivateKey } from "./command/keys.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly key?: string;
  readonly predicate?: string;
  readonly statement?: string;
  readonly type: string;
  readonly hash?: string;
  readonly bundle?: string;
  readonly outputAttestation?: string;
  readonly outputSignature?: string;
  readonly newBundleFormat?: boolean;
  readonly tlogUpload?: boolean;
  readonly useSigningConfig?: boolean;
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
  parsePredicateType(flags.type);
  if (flags.hash !== undefined) parseHash(flags.hash);
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
    const reference = requireKey(flags);
    refuseLog(flags);
    if (more.length > 0) throw new UsageError("Cannot attest of several files at once");
    checkFlags(file, flags);
    const key = await readPrivateKey(reference, io);
    const statement = await makeStatement(file, flags, io);
    const envelope = await signEnvelope(key, statement);
    const { bundle, outputSignature, outputAttestation } = flags;
    if (bundle !== undefined) {
      const [signature] = envelope.signatures;
      await writeOutput(bundle, buildKeyBundle(statement, signature!, key.publicKey.hint));
      await io.stderr.write(`Wrote bundle to file ${bundle}\n`);
    }
    if (outputSignature !== undefined) {
      await writeOutput(outputSignature, buildEnvelope(envelope));
      await io.stderr.write(`Signature written in ${outputSignature}\n`);
    } else if (bundle === undefined) {
      await io.stdout.write(`${decodeText(buildEnvelope(envelope))}\n`);
    }
    if (outputAttestation !== undefined) {
      await writeOutput(outputAttestation, statement);
      await io.stderr.write(`Attestation written in ${outputAttestation}\n`);
    }
    return 0;
  },
};

await runIfMain(import.meta.url, task);
