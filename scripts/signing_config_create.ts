#!/usr/bin/env node
import { decodeText } from "../lib/base/bytes.ts";
import { UsageError } from "../lib/base/errors.ts";
import {
  buildSigningConfig,
  parseSigningConfig,
  type Selector,
  type Service,
  type SigningConfig,
} from "../lib/sign/signing_config.ts";
import { collect } from "./command/annotations.ts";
import { writeOutput } from "./command/blob_flags.ts";
import { readInput } from "./command/files.ts";
import type { Io } from "./command/io.ts";
import { parseSpec, parseValidity } from "./command/specs.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly fulcio?: readonly string[];
  readonly rekor?: readonly string[];
  readonly oidcProvider?: readonly string[];
  readonly tsa?: readonly string[];
  readonly rekorConfig?: string;
  readonly tsaConfig?: string;
  readonly baseConfig?: string;
  readonly withDefaultServices?: boolean;
  readonly withDefaultRekorV2?: boolean;
  readonly defaultFulcio: boolean;
  readonly defaultRekor: boolean;
  readonly defaultOidc: boolean;
  readonly defaultTsa: boolean;
  readonly out?: string;
}

function parseService(flag: string, text: string): Service {
  const spec = parseSpec(text, {
    flag,
    required: ["url", "api-version", "start-time", "operator"],
    optional: ["end-time"],
  });
  const { url = "", "api-version": version = "", operator = "" } = spec;
  if (!URL.canParse(url) || !/^https?:/u.test(url)) {
    throw new UsageError(`Cannot use ${flag}: "${url.slice(0, 80)}" is no http address`);
  }
  if (!/^\d{1,9}$/u.test(version)) {
    throw new UsageError(`Cannot use ${flag}: "${version.slice(0, 40)}" is no version`);
  }
  const { start = 0, end } = parseValidity(spec);
  return {
    url,
    majorApiVersion: Number(version),
    validFrom: start,
    ...(end === undefined ? {} : { validUntil: end }),
    operator,
  };
}

function parseSelector(flag: string, text: string): Selector {
  const match = /^(?:(ANY|ALL)|EXACT:([1-9]\d{0,5}))$/iu.exec(text);
  if (match === null) throw new UsageError(`Cannot use ${flag}: want ANY, ALL or EXACT:<count>`);
  const kind = match[1]?.toUpperCase();
  return kind === "ANY" || kind === "ALL" ? { kind } : { kind: "EXACT", count: Number(match[2]) };
}

const NOTHING: SigningConfig = {
  certificateAuthorities: [],
  oidcProviders: [],
  logs: [],
  logSelector: { kind: "ANY" },
  timestampAuthorities: [],
  timestampSelector: { kind: "ANY" },
};

/** What is built on: another file, the services of the TUF repository, or nothing. */
async function readBase(flags: Flags, io: Io): Promise<SigningConfig> {
  const { baseConfig, withDefaultServices, withDefaultRekorV2 } = flags;
  const defaults = withDefaultServices === true || withDefaultRekorV2 === true;
  if (baseConfig !== undefined && defaults) {
    throw new UsageError("Cannot build on both --base-config and the default services");
  }
  if (baseConfig !== undefined) return parseSigningConfig(await readInput(baseConfig, io));
  if (!defaults) return NOTHING;
  const { readTufTarget, TARGETS } = await import("./command/tuf.ts");
  const { signingConfig, signingConfigRekorV2 } = TARGETS;
  const name = withDefaultRekorV2 === true ? signingConfigRekorV2 : signingConfig;
  return parseSigningConfig(await readTufTarget(name, io));
}

async function makeConfig(flags: Flags, io: Io): Promise<SigningConfig> {
  const { rekor, rekorConfig, tsa, tsaConfig } = flags;
  if (rekor !== undefined && rekorConfig === undefined) {
    throw new UsageError("Cannot use --rekor without --rekor-config");
  }
  if (tsa !== undefined && tsaConfig === undefined) {
    throw new UsageError("Cannot use --tsa without --tsa-config");
  }
  const base = await readBase(flags, io);
  // A file's services give way to those that are named; the default ones stay beside them.
  const choose = (
    flag: string,
    named: readonly string[] | undefined,
    known: readonly Service[],
    keep: boolean,
  ): readonly Service[] => {
    const replaced = flags.baseConfig !== undefined && named !== undefined;
    const kept = keep && !replaced ? known : [];
    return [...kept, ...(named ?? []).map((text) => parseService(flag, text))];
  };
  return {
    certificateAuthorities: choose(
      "--fulcio",
      flags.fulcio,
      base.certificateAuthorities,
      flags.defaultFulcio,
    ),
    oidcProviders: choose(
      "--oidc-provider",
      flags.oidcProvider,
      base.oidcProviders,
      flags.defaultOidc,
    ),
    logs: choose("--rekor", rekor, base.logs, flags.defaultRekor),
    logSelector: rekorConfig === undefined
      ? base.logSelector
      : parseSelector("--rekor-config", rekorConfig),
    timestampAuthorities: choose("--tsa", tsa, base.timestampAuthorities, flags.defaultTsa),
    timestampSelector: tsaConfig === undefined
      ? base.timestampSelector
      : parseSelector("--tsa-config", tsaConfig),
  };
}

const SERVICE = "url=,api-version=,start-time=,operator=[,end-time=]; may be repeated";

/** Write which services to sign with, as `cosign signing-config create` does. */
export const task: Task<Flags> = {
  name: "signing-config create",
  summary: "Write a file that says which services to sign with",
  examples: [
    [
      "signing-config create --fulcio url=https://fulcio.example,api-version=1," +
      "start-time=2026-01-01T00:00:00Z,operator=example --out services.json",
      "a certificate authority of your own",
    ],
    [
      "signing-config create --base-config services.json --no-default-rekor --out no-log.json",
      "the same services without the log",
    ],
  ],
  define(command) {
    command
      .option("--fulcio <service>", `certificate authority: ${SERVICE}`, collect)
      .option("--rekor <service>", `transparency log: ${SERVICE}`, collect)
      .option("--oidc-provider <service>", `issuer of tokens: ${SERVICE}`, collect)
      .option("--tsa <service>", `timestamp authority: ${SERVICE}`, collect)
      .option("--rekor-config <selector>", "how many logs are used: ANY, ALL or EXACT:<count>")
      .option("--tsa-config <selector>", "how many authorities are used, likewise")
      .option("--base-config <file>", "build on another signing config")
      .option("--with-default-services", "build on what the TUF repository names")
      .option("--with-default-rekor-v2", "the same, with Rekor v2")
      .option("--no-default-fulcio", "leave out the base's certificate authorities")
      .option("--no-default-rekor", "leave out the base's logs")
      .option("--no-default-oidc", "leave out the base's issuers")
      .option("--no-default-tsa", "leave out the base's timestamp authorities")
      .option("--out <file>", "the file to write (default: standard output)");
  },
  async run(_args, flags, io) {
    const text = decodeText(buildSigningConfig(await makeConfig(flags, io)));
    if (flags.out === undefined) await io.stdout.write(`${text}\n`);
    else await writeOutput(flags.out, text);
    return 0;
  },
};

await runIfMain(import.meta.url, task);
