import { Buffer } from "node:buffer";
import { decodeText, encodeBase64 } from "../../lib/base/bytes.ts";
import { type GoJson, stringifyAsGo } from "../../lib/base/go_json.ts";
import type { Digest } from "../../lib/reference/digest.ts";
import {
  type CertificateIdentity,
  ISSUER_EXTENSION,
  WORKFLOW_EXTENSIONS,
  type WorkflowField,
} from "../../lib/signature/certificate_identity.ts";
import { parseClaim } from "../../lib/signature/claim.ts";
import type { LogEntry } from "../../lib/signature/log_entry.ts";
import type { SignatureFormat } from "../../lib/signature/signature_format.ts";
import { parseStatement } from "../../lib/signature/statement.ts";
import { haveEnoughSigned } from "../../lib/verify/check_signers.ts";
import type { SignaturePolicy } from "../../lib/verify/signature_policy.ts";
import type { SignatureProof, SignatureResult } from "../../lib/verify/verdict.ts";

/** A value of JSON, with the keys of its objects in Go's order. */
function toGo(value: unknown): GoJson {
  if (Array.isArray(value)) return value.map(toGo);
  if (typeof value !== "object" || value === null) return value as GoJson;
  return new Map(Object.entries(value).map(([key, item]) => [key, toGo(item)]));
}

function goEntry([key, value]: [string, unknown]): [string, GoJson] {
  return [key, toGo(value)];
}

/** A log's entry as cosign keeps it beside legacy signatures. */
function entryJson({ promise, body, integratedTime, index, logId }: LogEntry): GoJson {
  return {
    SignedEntryTimestamp: encodeBase64(promise ?? new Uint8Array()),
    Payload: {
      body: encodeBase64(body),
      integratedTime,
      logIndex: index,
      logID: Buffer.from(logId).toString("hex"),
    },
  };
}

/** How cosign calls what a certificate says of a GitHub workflow, in order of its own. */
const WORKFLOW_NAMES: Readonly<Record<WorkflowField, string>> = {
  trigger: "githubWorkflowTrigger",
  sha: "githubWorkflowSha",
  name: "githubWorkflowName",
  repository: "githubWorkflowRepository",
  ref: "githubWorkflowRef",
};

function identityFields({ subjects, issuer, workflow }: CertificateIdentity): [string, GoJson][] {
  const fields: [string, GoJson][] = [];
  if (subjects[0] !== undefined) fields.push(["Subject", subjects[0]]);
  if (issuer !== undefined) fields.push(["Issuer", issuer], [ISSUER_EXTENSION, issuer]);
  for (const [field, value] of Object.entries(workflow)) {
    const known = field as WorkflowField;
    fields.push([WORKFLOW_NAMES[known], value], [WORKFLOW_EXTENSIONS[known], value]);
  }
  return fields;
}

/**
 * What cosign adds to the signed annotations of a legacy signature: who signed, and what proved it. Here
 * only what was checked is added, and it takes the place of a signed annotation of that name.
 */
function provenFields({ identity, entries: [entry], timestamps: [timestamp] }: SignatureProof) {
  const fields = identity === undefined ? [] : identityFields(identity);
  if (entry !== undefined) fields.push(["Bundle", entryJson(entry)]);
  if (timestamp !== undefined) {
    const stamp = { SignedRFC3161Timestamp: encodeBase64(timestamp) };
    fields.push(["RFC3161Timestamp", stamp]);
  }
  return fields;
}

const NOTHING_PROVEN: SignatureProof = { entries: [], timestamps: [] };

/** A legacy signature as `cosign verify` prints it: what of its payload cosign reads, and what proved it. */
function describeLegacy(signed: Uint8Array, proof = NOTHING_PROVEN): GoJson {
  const { dockerReference, digest } = parseClaim(signed);
  const { critical, optional = null } = JSON.parse(decodeText(signed)) as {
    readonly critical: { readonly type?: unknown };
    readonly optional?: unknown;
  };
  const proven = provenFields(proof);
  return {
    critical: {
      identity: { "docker-reference": dockerReference },
      image: { "docker-manifest-digest": digest },
      type: toGo(critical.type ?? ""),
    },
    optional: proven.length === 0
      ? toGo(optional)
      : new Map([...Object.entries(optional ?? {}).map(goEntry), ...proven]),
  };
}

/** A bundle as `cosign verify` prints it. */
function describeBundle(name: string, digest: Digest, signed: Uint8Array): GoJson {
  const { predicateType, subjects } = parseStatement(signed);
  const subject = subjects.find((one) => `sha256:${one.digest["sha256"]}` === digest);
  return {
    critical: {
      identity: { "docker-reference": name },
      image: { "docker-manifest-digest": digest },
      type: predicateType,
    },
    optional: toGo(subject?.annotations ?? {}),
  };
}

/** A verdict on an image, to be printed as `cosign verify` does. */
export interface Verified {
  /** What was asked for. */
  readonly name: string;
  readonly digest: Digest;
  /** Those to print, each verified. */
  readonly signatures: readonly SignatureResult[];
}

/**
 * The signatures that are printed of those that were found: of the format that cosign would look at, if
 * those alone satisfy, or else all.
 */
export function signaturesToPrint(
  signatures: readonly SignatureResult[],
  policy: SignaturePolicy,
  format: SignatureFormat,
): readonly SignatureResult[] {
  const verified = signatures.filter((signature) => signature.verified);
  const preferred = verified.filter((signature) => signature.format === format);
  return haveEnoughSigned(policy, preferred) ? preferred : verified;
}

/**
 * What `cosign verify -o json` prints of one image.
 *
 * @throws {MalformedError} if what is signed is no claim, and nobody has asked for one
 */
export function cosignJson({ name, digest, signatures }: Verified): string {
  const described = signatures.map(({ format, signed, proof }) =>
    format === "legacy" ? describeLegacy(signed!, proof) : describeBundle(name, digest, signed!)
  );
  return `\n${stringifyAsGo(described)}\n`;
}

/** What `cosign verify -o text` prints of one image: a line for each signature. */
export function cosignPayloads({ name, digest, signatures }: Verified): string {
  return signatures.map(({ format, signed }) =>
    format === "legacy"
      ? `${decodeText(signed!)}\n`
      : `${stringifyAsGo(describeBundle(name, digest, signed!))}\n`
  ).join("");
}

/** The text that `cosign verify` prints before it, with the checks that were done and no others. */
export function cosignText(name: string, signatures: readonly SignatureResult[]): string {
  const { checks } = signatures.find(({ verified }) => verified)!;
  const isLogged = checks.includes("transparency-log");
  return [
    "",
    `Verification for ${name} --`,
    "The following checks were performed on each of these signatures:",
    ...(checks.includes("annotations") ? ["  - The specified annotations were verified."] : []),
    ...(checks.includes("claims") ? ["  - The cosign claims were validated"] : []),
    ...(isLogged
      ? ["  - Existence of the claims in the transparency log was verified offline"]
      : []),
    ...(checks.includes("certificate")
      ? [
        "  - The code-signing certificate was verified using trusted certificate authority " +
        "certificates",
      ]
      : ["  - The signatures were verified against the specified public key"]),
    ...(isLogged ? [] : ["transparency log: not checked"]),
    "",
  ].join("\n");
}
