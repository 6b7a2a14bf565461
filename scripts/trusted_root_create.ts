#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { decodeBase64, decodeText } from "../lib/base/bytes.ts";
import { messageOf, UsageError } from "../lib/base/errors.ts";
import {
  buildTrustedRoot,
  readTrustedRootParts,
  trustedAuthorityJson,
  trustedLogJson,
  type TrustedRootParts,
} from "../lib/trust/build_trusted_root.ts";
import { collect } from "./command/annotations.ts";
import { writeOutput } from "./command/blob_flags.ts";
import type { Io } from "./command/io.ts";
import { readPublicKey } from "./command/keys.ts";
import { parseSpec, parseValidity } from "./command/specs.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly fulcio?: readonly string[];
  readonly ctfe?: readonly string[];
  readonly rekor?: readonly string[];
  readonly tsa?: readonly string[];
  readonly withDefaultServices?: boolean;
  readonly defaultFulcio: boolean;
  readonly defaultCtfe: boolean;
  readonly defaultRekor: boolean;
  readonly defaultTsa: boolean;
  readonly offline?: boolean;
  readonly out?: string;
}

/** The certificates of a file, each DER. */
async function readCertificates(file: string): Promise<readonly Uint8Array[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
  const blocks = text.matchAll(
    /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/gu,
  );
  const found = [...blocks].map(([, body = ""]) => decodeBase64(body.replace(/\s+/gu, "")));
  if (found.length === 0) throw new UsageError(`Cannot use ${file}: it holds no certificate`);
  return found;
}

async function readLogs(
  flag: string,
  specs: readonly string[] = [],
  io: Io,
): Promise<readonly unknown[]> {
  const logs: unknown[] = [];
  for (const text of specs) {
    const spec = parseSpec(text, {
      flag,
      required: ["url", "public-key", "start-time"],
      optional: ["end-time", "origin"],
    });
    const { key } = await readPublicKey(spec["public-key"]!, io);
    const { start = 0, end } = parseValidity(spec);
    logs.push(trustedLogJson({ url: spec["url"]!, key, origin: spec["origin"], start, end }));
  }
  return logs;
}

async function readAuthorities(
  flag: string,
  specs: readonly string[] = [],
  kind: "certificates" | "timestamps",
): Promise<readonly unknown[]> {
  const authorities: unknown[] = [];
  for (const text of specs) {
    const spec = parseSpec(text, {
      flag,
      required: ["url", "certificate-chain"],
      optional: ["start-time", "end-time"],
    });
    const certificates = await readCertificates(spec["certificate-chain"]!);
    const authority = { url: spec["url"]!, certificates, ...parseValidity(spec) };
    authorities.push(trustedAuthorityJson(authority, kind));
  }
  return authorities;
}

const NOTHING: TrustedRootParts = {
  tlogs: [],
  certificateAuthorities: [],
  ctlogs: [],
  timestampAuthorities: [],
};

async function readBase(flags: Flags, io: Io): Promise<TrustedRootParts> {
  if (flags.withDefaultServices !== true) return NOTHING;
  const { readTufTarget, TARGETS } = await import("./command/tuf.ts");
  const { offline } = flags;
  const bytes = await readTufTarget(TARGETS.trustedRoot, io, { offline: offline === true });
  const parts = readTrustedRootParts(bytes);
  return {
    tlogs: flags.defaultRekor ? parts.tlogs : [],
    certificateAuthorities: flags.defaultFulcio ? parts.certificateAuthorities : [],
    ctlogs: flags.defaultCtfe ? parts.ctlogs : [],
    timestampAuthorities: flags.defaultTsa ? parts.timestampAuthorities : [],
  };
}

const LOG = "url=,public-key=<file>,start-time=[,end-time=][,origin=]; may be repeated";
const AUTHORITY = "url=,certificate-chain=<file>[,start-time=][,end-time=]; may be repeated";

/** Write what verifiers are to trust, as `cosign trusted-root create` does. */
export const task: Task<Flags> = {
  name: "trusted-root create",
  summary: "Write a file that says whom to trust when signatures without keys are verified",
  examples: [
    [
      "trusted-root create --fulcio url=https://fulcio.example,certificate-chain=fulcio.pem " +
      "--out trusted_root.json",
      "a certificate authority of your own",
    ],
    [
      "trusted-root create --with-default-services --offline --out trusted_root.json",
      "the public ones, as they came with this program, without network",
    ],
  ],
  define(command) {
    command
      .option("--fulcio <authority>", `certificate authority: ${AUTHORITY}`, collect)
      .option("--ctfe <log>", `log of certificates: ${LOG}`, collect)
      .option("--rekor <log>", `transparency log: ${LOG}; Rekor v2 has an origin`, collect)
      .option("--tsa <authority>", `timestamp authority: ${AUTHORITY}`, collect)
      .option("--with-default-services", "build on what the TUF repository says")
      .option("--no-default-fulcio", "leave out its certificate authorities")
      .option("--no-default-ctfe", "leave out its logs of certificates")
      .option("--no-default-rekor", "leave out its transparency logs")
      .option("--no-default-tsa", "leave out its timestamp authorities")
      .option("--offline", "open no socket: use what is cached, or came with this program")
      .option("--out <file>", "the file to write (default: standard output)");
  },
  async run(_args, flags, io) {
    const base = await readBase(flags, io);
    const text = decodeText(buildTrustedRoot({
      tlogs: [...base.tlogs, ...await readLogs("--rekor", flags.rekor, io)],
      certificateAuthorities: [
        ...base.certificateAuthorities,
        ...await readAuthorities("--fulcio", flags.fulcio, "certificates"),
      ],
      ctlogs: [...base.ctlogs, ...await readLogs("--ctfe", flags.ctfe, io)],
      timestampAuthorities: [
        ...base.timestampAuthorities,
        ...await readAuthorities("--tsa", flags.tsa, "timestamps"),
      ],
    }));
    if (flags.out === undefined) await io.stdout.write(`${text}\n`);
    else await writeOutput(flags.out, text);
    return 0;
  },
};

await runIfMain(import.meta.url, task);
