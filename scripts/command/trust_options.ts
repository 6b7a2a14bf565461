import type { Command } from "commander";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import { exactText, expressionText } from "../../lib/policy/match_text.ts";
import type { WorkflowField } from "../../lib/signature/certificate_identity.ts";
import { parseDetachedSct } from "../../lib/signature/sct.ts";
import type { TextMatch, TrustedIdentity } from "../../lib/verify/check_identity.ts";
import type { SignaturePolicy } from "../../lib/verify/signature_policy.ts";
import type { TrustPolicy } from "../../lib/verify/trust_policy.ts";
import { parseTrustedRoot, type TrustedRoot } from "../../lib/verify/trusted_root.ts";
import { collect } from "./annotations.ts";
import { readSmallFile } from "./files.ts";
import type { Io } from "./io.ts";
import { type KeyFlags, publicKeyOption, readKeys } from "./trusted_keys.ts";

/** Who is trusted to sign, and what must prove it. */
export interface TrustFlags extends KeyFlags {
  readonly certificateIdentity?: readonly string[];
  readonly certificateIdentityRegexp?: readonly string[];
  readonly certificateOidcIssuer?: readonly string[];
  readonly certificateOidcIssuerRegexp?: readonly string[];
  readonly anchored?: boolean;
  readonly certificateGithubWorkflowTrigger?: string;
  readonly certificateGithubWorkflowSha?: string;
  readonly certificateGithubWorkflowName?: string;
  readonly certificateGithubWorkflowRepository?: string;
  readonly certificateGithubWorkflowRef?: string;
  readonly trustedRoot?: string;
  readonly offline?: boolean;
  readonly requireTlog?: boolean;
  readonly insecureIgnoreTlog?: boolean;
  readonly insecureIgnoreSct?: boolean;
  readonly useSignedTimestamps?: boolean;
  readonly sct?: string;
}

/** Declare them, with cosign's names. */
export function defineTrustOptions(command: Command, what: string): void {
  command
    .addOption(publicKeyOption(what))
    .option(
      "--certificate-identity <identity>",
      "whom the signer's certificate must be for: an e-mail address or a URI; may be repeated",
      collect,
    )
    .option(
      "--certificate-identity-regexp <expression>",
      "the same as an expression (RE2), which may match any part",
      collect,
    )
    .option(
      "--certificate-oidc-issuer <url>",
      "who must have vouched for the identity: an OIDC issuer; may be repeated",
      collect,
    )
    .option(
      "--certificate-oidc-issuer-regexp <expression>",
      "the same as an expression (RE2), which may match any part",
      collect,
    )
    .option("--anchored", "expressions must match the whole text")
    .option("--certificate-github-workflow-trigger <event>", "what must have started the workflow")
    .option("--certificate-github-workflow-sha <sha>", "the commit that it must have run for")
    .option("--certificate-github-workflow-name <name>", "the workflow's name")
    .option("--certificate-github-workflow-repository <repository>", "its repository: owner/name")
    .option("--certificate-github-workflow-ref <ref>", "its branch or tag: refs/heads/main")
    .option(
      "--trusted-root <file>",
      "authorities and logs that are trusted (default: those of Sigstore's TUF repository)",
    )
    .option("--require-tlog", "with a key too, a transparency log must have the signature")
    .option("--insecure-ignore-tlog", "do not look at transparency logs")
    .option("--insecure-ignore-sct", "do not look at certificate logs")
    .option("--use-signed-timestamps", "a timestamp authority must have stamped the signature")
    .option("--sct <file>", "a certificate log's promise that is not in the certificate")
    .option("--offline", "fetch no trusted root: use what is cached, or came with this program");
}

const WORKFLOW_FLAGS: Readonly<Record<WorkflowField, keyof TrustFlags>> = {
  trigger: "certificateGithubWorkflowTrigger",
  sha: "certificateGithubWorkflowSha",
  name: "certificateGithubWorkflowName",
  repository: "certificateGithubWorkflowRepository",
  ref: "certificateGithubWorkflowRef",
};

function workflowOf(flags: TrustFlags): Readonly<Partial<Record<WorkflowField, string>>> {
  const wanted = Object.entries(WORKFLOW_FLAGS)
    .map(([field, flag]) => [field, flags[flag]] as const)
    .filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(wanted);
}

/** Who must stand in the certificate, as texts and as expressions. */
async function readMatches(
  exact: readonly string[] = [],
  expressions: readonly string[] = [],
  whole: boolean,
  io: Io,
): Promise<readonly TextMatch[]> {
  const matches = exact.map(exactText);
  for (const expression of expressions) {
    matches.push(await expressionText(expression, { whole }));
    if (whole || expression.startsWith("^")) continue;
    await io.stderr.write(
      `WARNING: the expression "${expression}" matches any text that has such a part; ` +
        "begin it with ^, or use --anchored\n",
    );
  }
  return matches;
}

async function readIdentities(flags: TrustFlags, io: Io): Promise<readonly TrustedIdentity[]> {
  const whole = flags.anchored === true;
  const { certificateIdentity, certificateIdentityRegexp } = flags;
  const { certificateOidcIssuer, certificateOidcIssuerRegexp } = flags;
  const subjects = await readMatches(certificateIdentity, certificateIdentityRegexp, whole, io);
  const issuers = await readMatches(certificateOidcIssuer, certificateOidcIssuerRegexp, whole, io);
  const workflow = workflowOf(flags);
  if (subjects.length === 0 && issuers.length === 0) {
    if (Object.keys(workflow).length === 0) return [];
    throw new UsageError("Cannot ask for a workflow without --certificate-identity");
  }
  if (subjects.length === 0 || issuers.length === 0) {
    throw new UsageError(
      "Cannot verify a certificate: want both --certificate-identity (or -regexp) and " +
        "--certificate-oidc-issuer (or -regexp)",
    );
  }
  // Whose issuer would be which? Every pair would be trusted, and half of them are not meant.
  if (subjects.length > 1 && issuers.length > 1) {
    throw new UsageError(
      "Cannot tell which issuer is whose: want several identities of one issuer, or one identity " +
        "of several issuers",
    );
  }
  return subjects.flatMap((subject) => issuers.map((issuer) => ({ subject, issuer, workflow })));
}

/** Some kilobytes, as a rule. */
const MAX_ROOT_BYTES = 4 * 1024 * 1024;

async function readNamed(file: string, what: string, io: Io): Promise<Uint8Array> {
  const bytes = await readSmallFile(file, MAX_ROOT_BYTES, io);
  if (bytes === undefined) {
    throw new UsageError(`Cannot read ${what} ${file}: there is no such file`);
  }
  return bytes;
}

/** What is wrong with a file that the user names is a usage error. */
function parseNamed<Value>(file: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(`${messageOf(error)} (${file})`, { cause: error });
  }
}

async function readRoot(file: string, io: Io): Promise<TrustedRoot> {
  const bytes = await readNamed(file, "trusted root", io);
  return parseNamed(file, () => parseTrustedRoot(bytes));
}

function refuseContradictions(flags: TrustFlags, identities: readonly unknown[]): void {
  const { key, requireTlog, insecureIgnoreTlog } = flags;
  if (key !== undefined && identities.length > 0) {
    throw new UsageError("Cannot verify: want either --key or --certificate-identity, not both");
  }
  if (key === undefined && identities.length === 0) {
    throw new UsageError(
      "Cannot verify: name who must have signed, with --key, or with --certificate-identity and " +
        "--certificate-oidc-issuer",
    );
  }
  if (requireTlog === true && insecureIgnoreTlog === true) {
    throw new UsageError("Cannot both require and ignore the transparency log");
  }
}

/** The trusted root that a file holds, or else the TUF repository, its cache, or this program. */
async function findRoot({ trustedRoot, offline }: TrustFlags, io: Io): Promise<TrustedRoot> {
  if (trustedRoot !== undefined) return await readRoot(trustedRoot, io);
  const { readTufTarget, TARGETS } = await import("./tuf.ts");
  const bytes = await readTufTarget(TARGETS.trustedRoot, io, { offline: offline === true });
  return parseTrustedRoot(bytes);
}

async function readTrust(
  flags: TrustFlags,
  identities: readonly TrustedIdentity[],
  io: Io,
): Promise<TrustPolicy | undefined> {
  const { trustedRoot, insecureIgnoreTlog, insecureIgnoreSct, useSignedTimestamps, sct } = flags;
  // A key alone needs nobody else; whom to believe of others is found where it is not named.
  const needed = identities.length > 0 || flags.requireTlog === true ||
    useSignedTimestamps === true;
  if (trustedRoot === undefined && !needed) return undefined;
  const detached = sct === undefined ? undefined : await readNamed(sct, "SCT", io);
  return {
    root: await findRoot(flags, io),
    identities,
    logThreshold: insecureIgnoreTlog === true ? 0 : 1,
    timestampThreshold: useSignedTimestamps === true ? 1 : 0,
    sctThreshold: insecureIgnoreSct === true ? 0 : 1,
    detachedScts: detached === undefined
      ? []
      : [parseNamed(sct!, () => parseDetachedSct(detached))],
    now: () => io.clock.now(),
  };
}

/**
 * Read who is trusted to sign, and what must prove it.
 *
 * @throws {UsageError}
 */
export async function readSigners(
  flags: TrustFlags,
  io: Io,
): Promise<Pick<SignaturePolicy, "keys" | "required" | "trust">> {
  const identities = await readIdentities(flags, io);
  refuseContradictions(flags, identities);
  const keys = await readKeys(flags, io);
  const trust = await readTrust(flags, identities, io);
  if (flags.insecureIgnoreTlog === true && trust !== undefined) {
    await io.stderr.write(
      "WARNING: Skipping tlog verification is an insecure practice that lacks transparency and " +
        "auditability verification for the signature.\n",
    );
  }
  return {
    ...keys,
    ...(trust === undefined ? {} : { trust }),
  };
}
