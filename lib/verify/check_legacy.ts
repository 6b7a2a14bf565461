import { decodeBase64 } from "../base/bytes.ts";
import { messageOf } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import { type Claim, parseClaim } from "../signature/claim.ts";
import type { LegacySignature } from "../signature/read_legacy.ts";
import { checkAnnotations } from "./check_annotations.ts";
import { findSigner } from "./check_signature.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import type { Reason } from "./reason.ts";
import type { Check, SignatureResult } from "./verdict.ts";

function decodeSignature(text: string): Uint8Array | undefined {
  try {
    return text === "" ? undefined : decodeBase64(text);
  } catch {
    return undefined;
  }
}

/**
 * Judge one legacy signature against an image's digest. The payload is verified as bytes and only
 * then read.
 */
export async function checkLegacySignature(
  { signature, hasCertificate }: Pick<LegacySignature, "signature" | "hasCertificate">,
  payload: Uint8Array,
  digest: Digest,
  { keys, annotations, checkClaims = true }: SignaturePolicy,
): Promise<SignatureResult> {
  const checks: Check[] = [];
  const failed = (reason: Reason): SignatureResult => ({
    format: "legacy",
    verified: false,
    checks,
    reasons: [reason],
  });

  const bytes = decodeSignature(signature);
  if (bytes === undefined) {
    return failed({
      code: "signature-malformed",
      message: "a layer of the signature's manifest carries no signature in base64",
    });
  }
  const signer = await findSigner(keys, payload, bytes);
  if (signer === undefined) {
    return failed(
      hasCertificate
        ? {
          code: "certificate-instead-of-key",
          message: "the signature comes with a certificate, and no key asked for made it",
        }
        : { code: "signature-mismatch", message: "the signature is not by any key asked for" },
    );
  }
  checks.push("signature");
  const verified: SignatureResult = {
    format: "legacy",
    verified: true,
    signer,
    checks,
    reasons: [],
    signed: payload,
  };
  if (!checkClaims) return verified;
  const refused = (reason: Reason): SignatureResult => ({ ...failed(reason), signer });

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
  const mismatch = checkAnnotations(annotations, claim.annotations);
  if (mismatch !== undefined) return refused(mismatch);
  if (Object.keys(annotations).length > 0) checks.push("annotations");
  return verified;
}
