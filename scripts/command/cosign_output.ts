import { decodeText } from "../../lib/base/bytes.ts";
import { type GoJson, stringifyAsGo } from "../../lib/base/go_json.ts";
import type { Digest } from "../../lib/reference/digest.ts";
import { parseClaim } from "../../lib/signature/claim.ts";
import { parseStatement } from "../../lib/signature/statement.ts";
import type { SignatureResult } from "../../lib/verify/verdict.ts";

const LEGACY_TYPE = "cosign container image signature";

function optionalOf(annotations: Readonly<Record<string, unknown>>): ReadonlyMap<string, GoJson> {
  return new Map(Object.entries(annotations) as [string, GoJson][]);
}

/** One verified signature as `cosign verify` prints it. */
function describe(
  name: string,
  digest: Digest,
  { format, signed }: SignatureResult,
): GoJson {
  if (format === "legacy") {
    const { dockerReference, annotations } = parseClaim(signed!);
    const { critical } = JSON.parse(decodeText(signed!)) as { critical: { type?: string } };
    return {
      critical: {
        identity: { "docker-reference": dockerReference },
        image: { "docker-manifest-digest": digest },
        type: critical.type ?? LEGACY_TYPE,
      },
      optional: Object.keys(annotations).length === 0 ? null : optionalOf(annotations),
    };
  }
  const { predicateType, subjects } = parseStatement(signed!);
  const subject = subjects.find((one) => `sha256:${one.digest["sha256"]}` === digest);
  return {
    critical: {
      identity: { "docker-reference": name },
      image: { "docker-manifest-digest": digest },
      type: predicateType,
    },
    optional: optionalOf(subject?.annotations ?? {}),
  };
}

/** The array that `cosign verify` prints for one image, `name` being what was asked for. */
export function cosignJson(
  name: string,
  digest: Digest,
  signatures: readonly SignatureResult[],
): string {
  const verified = signatures.filter((signature) => signature.verified);
  return stringifyAsGo(verified.map((signature) => describe(name, digest, signature)));
}

/** The text that `cosign verify` prints before it, with the checks that were done and no others. */
export function cosignText(name: string, signatures: readonly SignatureResult[]): string {
  const { checks } = signatures.find(({ verified }) => verified)!;
  return [
    "",
    `Verification for ${name} --`,
    "The following checks were performed on each of these signatures:",
    ...(checks.includes("annotations") ? ["  - The specified annotations were verified."] : []),
    ...(checks.includes("claims") ? ["  - The cosign claims were validated"] : []),
    "  - The signatures were verified against the specified public key",
    "transparency log: not checked",
    "",
  ].join("\n");
}
