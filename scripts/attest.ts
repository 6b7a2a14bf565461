#!/usr/bin/env node
import { writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { decodeText } from "../lib/base/bytes.ts";
import { UsageError } from "../lib/base/errors.ts";
import { digestHex } from "../lib/reference/digest.ts";
import { formatRepository, parseReference, type Reference } from "../lib/reference/reference.ts";
import type { ResolvedManifest } from "../lib/registry/resolve_digest.ts";
import { type Attestation, attestDigest, statementEnvelope } from "../lib/sign/attest_digest.ts";
import { rememberSignatures } from "../lib/sign/remember_signatures.ts";
import { signStatement, statementBundle } from "../lib/sign/sign_statement.ts";
import { toSigner } from "../lib/sign/key_signer.ts";
import type { SignOptions } from "../lib/sign/signing_job.ts";
import { buildAttestationStatement } from "../lib/signature/attestation_statement.ts";
import { buildOldBundle } from "../lib/signature/message_bundle.ts";
import { buildPredicate } from "../lib/signature/predicate.ts";
import { isPredicateName, parsePredicateType } from "../lib/signature/predicate_type.ts";
import { parseStatement } from "../lib/signature/statement.ts";
import { readInput } from "./command/files.ts";
import { findImage } from "./command/image.ts";
import type { Io } from "./command/io.ts";
import { defineRegistryOptions, withRegistries } from "./command/registry_options.ts";
import { defineOldSignOptions, type SignFlags, withSignOptions } from "./command/sign_options.ts";
import { defineSignerOptions } from "./command/signer_options.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags extends SignFlags {
  readonly predicate?: string;
  readonly statement?: string;
  readonly type: string;
  readonly upload: boolean;
  readonly bundle?: string;
  readonly replace?: boolean;
}

/** A statement that the user wrote: signed as it stands, if it is about this image. */
function checkStatement(statement: Uint8Array, { digest }: ResolvedManifest): Attestation {
  const { predicateType, subjects } = parseStatement(statement);
  if (!subjects.some((subject) => subject.digest["sha256"] === digestHex(digest))) {
    throw new Error(`Cannot attest: the statement has no subject with the digest ${digest}`);
  }
  return { statement, predicateType };
}

function makeAttestation(
  input: Uint8Array,
  { repository }: Reference,
  subject: ResolvedManifest,
  flags: Flags,
  io: Io,
): Attestation {
  if (flags.statement !== undefined) return checkStatement(input, subject);
  const predicateType = parsePredicateType(flags.type);
  const name = isPredicateName(flags.type) ? flags.type : undefined;
  const predicate = buildPredicate(name, input, new Date(io.clock.now()));
  const image = { name: formatRepository(repository), digest: subject.digest };
  return {
    predicateType,
    statement: buildAttestationStatement({ ...image, predicateType, predicate }),
  };
}

/** Hand out what is signed: the bundle into a file, or the envelope on standard output. */
async function writeOut(
  { statement }: Attestation,
  { key, formats }: Omit<SignOptions, "tags">,
  { bundle, upload }: Flags,
  io: Io,
): Promise<void> {
  const printed = !upload && formats.includes("legacy");
  if (bundle === undefined && !printed) return;
  const signed = await signStatement(key, statement);
  const envelope = statementEnvelope(signed);
  if (bundle !== undefined) {
    const old = !formats.includes("bundle");
    await writeFile(
      bundle,
      old ? buildOldBundle(envelope, signed.material) : statementBundle(signed),
    );
    await io.stderr.write(`Wrote bundle to file ${bundle}\n`);
  }
  if (printed) await io.stdout.write(`${decodeText(envelope)}\n`);
}

function checkFlags(flags: Flags): void {
  if ((flags.predicate === undefined) === (flags.statement === undefined)) {
    throw new UsageError("Cannot attest: want either --predicate or --statement");
  }
  parsePredicateType(flags.type);
  if (!flags.upload && flags.bundle === undefined && flags.newBundleFormat !== false) {
    if (flags.format !== "legacy") {
      throw new UsageError("Cannot attest without upload: name a file with --bundle");
    }
  }
}

function defineAttestOptions(command: Command): void {
  command
    .argument("<image>", "tag or digest of an image")
    .option("--predicate <file>", "what is attested; - for standard input")
    .option("--statement <file>", "a whole in-toto statement, signed as it stands; - for input")
    .option(
      "--type <type>",
      "predicate type: slsaprovenance, slsaprovenance02, slsaprovenance1, link, spdx, spdxjson, " +
        "cyclonedx, vuln, openvex, custom or a URI",
      "custom",
    )
    .option("--format <format>", "bundle, legacy or both (default: bundle)")
    .option("--no-upload", "do not store it; --bundle, or standard output in the legacy format")
    .option("--bundle <file>", "write the Sigstore bundle to a file as well")
    .option("--replace", "in the legacy format, take away what has the same predicate type")
    // Which kind is written goes by the log.
    .addOption(new Option("--rekor-entry-type <type>").hideHelp());
  defineOldSignOptions(command);
  defineSignerOptions(command);
  defineRegistryOptions(command);
}

/** Attest something of an image, as `cosign attest` does. */
export const task: Task<Flags> = {
  name: "attest",
  summary: "Sign a statement about an image, and store it beside the image",
  examples: [
    [
      "attest --key cosign.key --type spdxjson --predicate sbom.json registry.example/app@sha256:…",
      "an SBOM",
    ],
    [
      "attest --key cosign.key --type slsaprovenance1 --predicate - registry.example/app:1.0",
      "provenance from standard input",
    ],
    [
      "attest --key cosign.key --format legacy --predicate scan.txt registry.example/app:1.0",
      "any text, for cosign 1 and 2",
    ],
    [
      "attest --type slsaprovenance1 --predicate provenance.json registry.example/app@sha256:…",
      "without a key: as whoever the CI job is, or signs in",
    ],
  ],
  define: defineAttestOptions,
  async run([image = ""], flags, io) {
    checkFlags(flags);
    const reference = parseReference(image);
    const input = await readInput(flags.predicate ?? flags.statement!, io);
    return await withSignOptions(flags, io, (given) => {
      // A file and the registry get the same signature.
      const options = { ...given, key: rememberSignatures(toSigner(given.key)) };
      return withRegistries(flags, io, 4, async (remote) => {
        const subject = await findImage(remote, reference, "attest");
        const attestation = makeAttestation(input, reference, subject, flags, io);
        await writeOut(attestation, options, flags, io);
        if (!flags.upload) return 0;
        const outcomes = await attestDigest(remote, reference.repository, subject, {
          ...attestation,
          replace: flags.replace,
        }, options);
        for (const [format, outcome] of Object.entries(outcomes)) {
          const done = outcome === "already-signed" ? "already attested by this key" : "attested";
          await io.stderr.write(
            `${formatRepository(reference.repository)}@${subject.digest}: ${done} (${format})\n`,
          );
        }
        return 0;
      });
    });
  },
};

await runIfMain(import.meta.url, task);
