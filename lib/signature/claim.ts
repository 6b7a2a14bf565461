import * as v from "valibot";
import { encodeText } from "../base/bytes.ts";
import { stringifyAsGo } from "../base/go_json.ts";
import { parseJson } from "../base/json.ts";
import type { Digest } from "../reference/digest.ts";

/** Key-value pairs that are signed together with the digest. */
export type Annotations = Readonly<Record<string, string>>;

/** What a simple-signing payload claims. */
export interface Claim {
  /** The repository it was signed for, as a rule without a tag; cosign does not compare it. */
  readonly dockerReference: string;
  readonly digest: string;
  /** Values as they stand: strings, but other tools have signed numbers. */
  readonly annotations: Readonly<Record<string, unknown>>;
}

const TYPE = "cosign container image signature";

// cosign does not require `type`; it is not checked here either.
const ClaimSchema = v.object({
  critical: v.object({
    identity: v.object({ "docker-reference": v.string() }),
    image: v.object({ "docker-manifest-digest": v.string() }),
  }),
  optional: v.nullish(v.record(v.string(), v.unknown())),
});

/**
 * Write a simple-signing payload, byte for byte as cosign does
 * (containers/image docs/containers-signature.5.md; cosign specs/SIGNATURE_SPEC.md, "Payloads").
 *
 * @param dockerReference `registry/repository`, without a tag
 */
export function buildClaim(
  dockerReference: string,
  digest: Digest,
  annotations: Annotations,
): Uint8Array {
  const optional = new Map(Object.entries(annotations));
  return encodeText(stringifyAsGo({
    critical: {
      identity: { "docker-reference": dockerReference },
      image: { "docker-manifest-digest": digest },
      type: TYPE,
    },
    optional: optional.size === 0 ? null : optional,
  }));
}

/**
 * Read a simple-signing payload. Call only on bytes whose signature already verified.
 *
 * @throws {MalformedError}
 */
export function parseClaim(verified: Uint8Array): Claim {
  const { critical, optional } = parseJson("signed payload", verified, ClaimSchema);
  return {
    dockerReference: critical.identity["docker-reference"],
    digest: critical.image["docker-manifest-digest"],
    annotations: optional ?? {},
  };
}
