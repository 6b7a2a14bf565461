#!/usr/bin/env node
import { type Command, Option } from "commander";
import { decodeText } from "../lib/base/bytes.ts";
import { UsageError } from "../lib/base/errors.ts";
import { pooled } from "../lib/base/pool.ts";
import { safeText } from "../lib/report/safe_text.ts";
import { parsePredicateType } from "../lib/signature/predicate_type.ts";
import type { Verdict } from "../lib/verify/verdict.ts";
import { verifyAttestation } from "../lib/verify/verify_attestation.ts";
import { verifyImage } from "../lib/verify/verify_image.ts";
import { collect } from "./command/annotations.ts";
import { cosignText } from "./command/cosign_output.ts";
import { defineRegistryOptions, defineWorkerOption } from "./command/registry_options.ts";
import {
  defineLocalOption,
  type Subject,
  type SubjectFlags,
  subjectStore,
  withSubjects,
} from "./command/subjects.ts";
import { runIfMain, type Task } from "./command/task.ts";
import { defineKeyPolicyOptions } from "./command/trusted_keys.ts";
import { defineTrustOptions, readSigners, type TrustFlags } from "./command/trust_options.ts";

interface Flags extends SubjectFlags, TrustFlags {
  readonly type: string;
  readonly output: string;
  readonly checkClaims: boolean;
  readonly policy?: readonly string[];
}

/** The error in cosign's words, with the reasons. */
function errorText(verdict: Exclude<Verdict, { kind: "verified" }>, type: string): string {
  const why = [...new Set(verdict.reasons.map(({ message }) => message))].join("; ");
  if (verdict.kind === "unknown") return `could not tell: ${why}`;
  if (verdict.reasons.every(({ code }) => code === "predicate-type-mismatch")) {
    const found = verdict.signatures.flatMap(({ reasons }) => reasons.map((one) => one.found));
    return `none of the attestations matched the predicate type: ${type}, found: ${
      [...new Set(found)].join(",")
    }`;
  }
  return `no matching attestations: ${why}`;
}

/** cosign evaluates CUE and Rego here; a policy that is not evaluated must not look as if it were. */
function refusePolicies(policies: readonly string[] = []): void {
  for (const file of policies) {
    const language = file.endsWith(".rego") ? "Rego" : file.endsWith(".cue") ? "CUE" : undefined;
    throw new UsageError(
      language === undefined
        ? `Cannot use policy ${file}: want a .cue or .rego file, and neither is supported`
        : `Cannot use policy ${file}: ${language} is not supported; pipe the output to its own tool`,
    );
  }
}

function defineOptions(command: Command): void {
  command.argument("<image...>", "tags or digests of images");
  defineTrustOptions(command, "the attestation");
  command
    .option(
      "--type <type>",
      "predicate type that must be attested: slsaprovenance, slsaprovenance02, slsaprovenance1, " +
        "link, spdx, spdxjson, cyclonedx, vuln, openvex, custom or a URI",
      "custom",
    )
    .option("--check-claims", "the statement must be about the image", true)
    .option("--no-check-claims", "in the legacy format it may be about anything")
    .option("-o, --output <format>", "json or text; both print the same", "json")
    .addOption(new Option("--policy <file>").argParser(collect).hideHelp())
    // Both formats are always read.
    .addOption(new Option("--new-bundle-format").hideHelp())
    .addOption(new Option("--no-new-bundle-format").hideHelp())
    .addOption(new Option("--experimental-oci11").hideHelp());
  defineKeyPolicyOptions(command);
  defineLocalOption(command);
  defineRegistryOptions(command);
  defineWorkerOption(command, 10);
}

/** Verify attestations of images one by one, as cosign does; every image is tried. */
export const task: Task<Flags> = {
  name: "verify-attestation",
  summary: "Verify what is attested of images, with cosign's output and exit codes",
  examples: [
    [
      "verify-attestation --key cosign.pub --type spdxjson registry.example/app:1.0",
      "print the envelopes of good SBOMs, one a line",
    ],
    [
      "verify-attestation --key cosign.pub --type https://example.com/scan/v1 registry.example/app:1.0",
      "a predicate type of one's own",
    ],
  ],
  define: defineOptions,
  async run(args, flags, io) {
    refusePolicies(flags.policy);
    if (!["json", "text"].includes(flags.output)) {
      throw new UsageError(`Cannot print as "${flags.output}": want json or text`);
    }
    const options = {
      policy: {
        ...await readSigners(flags, io),
        annotations: {},
        checkClaims: flags.checkClaims,
      },
      store: subjectStore(flags, io.env),
      exhaustive: true,
      predicateType: parsePredicateType(flags.type),
    };
    return await withSubjects(args, flags, io, async (subjects) => {
      const verify = async ({ name, verify }: Subject) => ({
        name,
        verdict: await verify((remote, reference) =>
          verifyImage(
            remote,
            reference,
            options,
            (from, image, digest) => verifyAttestation(from, image, digest, options),
          )
        ),
      });
      let code = 0;
      for await (const { name, verdict } of pooled(subjects, verify, { limit: flags.maxWorkers })) {
        if (verdict.kind !== "verified") {
          code = 1;
          const why = safeText(errorText(verdict, flags.type));
          await io.stderr.write(`Error: ${name}: ${why}\n`);
          continue;
        }
        await io.stderr.write(cosignText(name, verdict.signatures));
        for (const { envelope } of verdict.signatures) {
          if (envelope !== undefined) await io.stdout.write(`${decodeText(envelope)}\n`);
        }
      }
      return code;
    });
  },
};

await runIfMain(import.meta.url, task);
