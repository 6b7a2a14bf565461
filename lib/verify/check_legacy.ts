import { decodeBase64 } from "../base/bytes.ts";
import { messageOf } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import type { Descriptor } from "../registry/manifest.ts";
import { type Claim, parseClaim } from "../signature/claim.ts";
import { legacyMaterial } from "../signature/material.ts";
import type { LegacySignature } from "../signature/read_legacy.ts";
import { checkAnnotations } from "./check_annotations.ts";
import { proveSigner } from "./prove_signer.ts";
import type { Reason } from "./reason.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import { acceptSignature, refuseSignature } from "./signature_result.ts";
import type { Check, SignatureResult } from "./verdict.ts";

function decodeSignature(text: string): Uint8Array | undefined {
  try {
    return text === "" ? undefined : decodeBase64(text);
  } catch {
    return undefined;
  }
}

/** A legacy signature with what stands beside it. */
export interface FoundLegacy extends Pick<LegacySignature, "signature" | "hasCertificate"> {
  readonly payload: Partial<Descriptor>;
}

/**
 * Judge one legacy signature against an image's digest. The payload is verified as bytes and only
 * then read.
 */
export async function checkLegacySignature(
  { signature, hasCertificate, payload: { annotations = {} } }: FoundLegacy,
  payload: Uint8Array,
  digest: Digest,
  policy: SignaturePolicy,
): Promise<SignatureResult> {
  const bytes = decodeSignature(signature);
  if (bytes === undefined) {
    return refuseSignature("legacy", {
      code: "signature-malformed",
      message: "a layer of the signature's manifest carries no signature in base64",
    });
  }
  const proven = await proveSigner({
    contents: [{ signature: bytes, message: payload }],
    hasCertificate,
    triesKeys: true,
    material: () => legacyMaterial(annotations),
  }, policy);
  if (proven.reason !== undefined) return refuseSignature("legacy", proven.reason, proven);
  const checks: Check[] = [...proven.checks];
  const refused = (reason: Reason): SignatureResult =>
    refuseSignature("legacy", reason, { ...proven, checks });
  const verified = acceptSignature("legacy", { ...proven, checks }, payload);
  if (policy.checkClaims === false) return verified;

  let claim: Claim;
  try {
    claim = parseClaim(payload);
  } catch (error) {
    return refused({ code: "claim-malformed", message: messageOf(error) });
  }
  if (claim.digest !== digest) {
    return refused({
      code: "claim-digest-mismatch",
      message: "the signature is for another image",
      expected: digest,
      found: claim.digest.slice(0, 200),
    });
  }
  checks.push("claims");
  const mismatch = checkAnnotations(policy.annotations, claim.annotations);
  if (mismatch !== undefined) return refused(mismatch);
  if (Object.keys(policy.annotations).length > 0) checks.push("annotations");
  return verified;
}
