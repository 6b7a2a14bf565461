import { Buffer } from "node:buffer";
import { decodeText, encodeBase64 } from "../../lib/base/bytes.ts";
import { type GoJson, stringifyAsGo } from "../../lib/base/go_json.ts";
import { formatReference, type Reference } from "../../lib/reference/reference.ts";
import type { Digest } from "../../lib/reference/digest.ts";
import {
  type CertificateIdentity,
  ISSUER_EXTENSION,
  WORKFLOW_EXTENSIONS,
  type WorkflowField,
} from "../../lib/signature/certificate_identity.ts";
import { parseClaim } from "../../lib/signature/claim.ts";
import type { LogEntry } from "../../lib/signature/log_entry.ts";
import { parseStatement } from "../../lib/signature/statement.ts";
import type { SignatureProof, SignatureResult } from "../../lib/verify/verdict.ts";

const LEGACY_TYPE = "cosign container image signature";

function optionalOf(annotations: Readonly<Record<string, unknown>>): ReadonlyMap<string, GoJson> {
  return new Map(Object.entries(annotations) as [string, GoJson][]);
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

/** One verified signature as `cosign verify` prints it. */
function describe(
  reference: Reference,
  digest: Digest,
  { format, signed, proof = NOTHING_PROVEN }: SignatureResult,
): GoJson {
  if (format === "legacy") {
    const { dockerReference, annotations } = parseClaim(signed!);
    const optional = new Map([...optionalOf(annotations), ...provenFields(proof)]);
    const { critical } = JSON.parse(decodeText(signed!)) as { critical: { type?: string } };
    return {
      critical: {
        identity: { "docker-reference": dockerReference },
        image: { "docker-manifest-digest": digest },
        type: critical.type ?? LEGACY_TYPE,
      },
      optional: optional.size === 0 ? null : optional,
    };
  }
  const { predicateType, subjects } = parseStatement(signed!);
  const subject = subjects.find((one) => `sha256:${one.digest["sha256"]}` === digest);
  return {
    critical: {
      identity: { "docker-reference": formatReference(reference) },
      image: { "docker-manifest-digest": digest },
      type: predicateType,
    },
    optional: optionalOf(subject?.annotations ?? {}),
  };
}

/** The array that `cosign verify` prints for one image. */
export function cosignJson(
  reference: Reference,
  digest: Digest,
  signatures: readonly SignatureResult[],
): string {
  const verified = signatures.filter((signature) => signature.verified);
  return stringifyAsGo(verified.map((signature) => describe(reference, digest, signature)));
}

/** The text that `cosign verify` prints before it, with the checks that were done and no others. */
export function cosignText(reference: Reference, signatures: readonly SignatureResult[]): string {
  const { checks } = signatures.find(({ verified }) => verified)!;
  const isLogged = checks.includes("transparency-log");
  return [
    "",
    `Verification for ${formatReference(reference)} --`,
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
